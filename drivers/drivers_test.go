// SPDX-License-Identifier: Apache-2.0

package drivers

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loader"
)

func find(t *testing.T, text string) []Choice {
	t.Helper()
	ref, err := loader.ParseRef(text)
	if err != nil {
		t.Fatal(err)
	}
	choices, err := Find(ref)
	if err != nil {
		t.Fatal(err)
	}
	return choices
}

func TestLoadersByName(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	if all[0].Name != "reference" {
		t.Errorf("%s comes first", all[0].Name)
	}
	named := map[string]bool{}
	for _, m := range all {
		named[m.Name] = true
		if got := find(t, m.Name); len(got) != 1 || got[0].Version != m.Newest() {
			t.Errorf("%s: %v", m.Name, got)
		}
		for _, version := range m.Sorted() {
			if got := find(t, m.Name+"@"+version); got[0].String() != m.Name+"@"+version {
				t.Errorf("%s: %v", version, got)
			}
		}
	}
	if !named["reference"] || !named["cilium"] || !named["libbpf"] {
		t.Errorf("there are %v", named)
	}
	if got := find(t, "all"); len(got) != len(all) {
		t.Errorf("all are %v", got)
	}
	versions := 0
	for _, m := range all {
		versions += len(m.Versions)
	}
	if got := find(t, "all@all"); len(got) != versions {
		t.Errorf("all versions of all are %v", got)
	}
}

func TestEveryVersionOfALoader(t *testing.T) {
	var got []string
	for _, choice := range find(t, "iproute2@all") {
		got = append(got, choice.String())
	}
	if diff := cmp.Diff([]string{"iproute2@5.10", "iproute2@6.1", "iproute2@6.15", "iproute2@7.2"},
		got); diff != "" {
		t.Error(diff)
	}
}

func TestSourcesAreCarried(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if m.Build == nil || m.Build.Go != "" {
			continue
		}
		source, err := Source(m.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fs.Stat(source, m.Build.C+m.Build.Rust); err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
	}
}

func TestLoaderByPath(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "my-loader.yaml")
	text := "name: mine\nversions: {\"2.0\": local, \"2.1\": local}\nspeaks: ndjson\ncommand: [./mine, -q]\nfiles: [data]\n"
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	want := []Choice{{Version: "2.0", Manifest: &loader.Manifest{
		Name: "mine", Versions: map[string]loader.Suite{"2.0": loader.Local, "2.1": loader.Local},
		Speaks: loader.NDJSON, Command: []string{"./mine", "-q"}, Files: []string{"data"}, Dir: dir, Path: name,
	}}}
	if got := want[0].Anywhere(); got != name+"@2.0" {
		t.Errorf("it is typed as %s in any folder", got)
	}
	if diff := cmp.Diff(want, find(t, name+"@2.0")); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownLoader(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("name: X\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		fault string
		ref   loader.Ref
		want  error
	}{
		{"name", loader.Ref{Name: "libbfp"}, ErrUnknownLoader},
		{"version", loader.Ref{Name: "cilium", Version: "0.1"}, ErrUnknownVersion},
		{"no file", loader.Ref{Path: "/nonexistent/loader.yaml"}, fs.ErrNotExist},
		{"bad manifest", loader.Ref{Path: bad}, loader.ErrManifest},
	} {
		if _, err := Find(tt.ref); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.fault, err)
		}
	}
}

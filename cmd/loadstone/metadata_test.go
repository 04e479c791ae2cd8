// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/metadata"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// showMetadata runs loadstone metadata show with arguments.
func showMetadata(t *testing.T, args ...string) (stdout string, code int, err error) {
	t.Helper()
	root := newRootCommand()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(append([]string{"metadata", "show"}, args...))
	err = root.ExecuteContext(t.Context())
	return out.String(), exitCode(err), err
}

const severalObject = "../../objects/metadata/el/several.o"

func TestMetadataOfAnObject(t *testing.T) {
	got, code, err := showMetadata(t, "--object", severalObject)
	if code != verdict.ExitClean || err != nil {
		t.Fatal(code, err)
	}
	want := `nothing in section xdp
  owner     const char[11]  .rodata        "networking"
  revision  const __u32     .rodata.build  4711
  time      const __u64     .rodata.time   1600000000
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMetadataAsJSON(t *testing.T) {
	got, _, err := showMetadata(t, "--object", severalObject, "--json")
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Programs []struct {
			Name     string
			Metadata []struct {
				Name, Type, Section string
				Value               any
			}
		}
	}
	if err := json.Unmarshal([]byte(got), &document); err != nil {
		t.Fatal(err)
	}
	if len(document.Programs) != 1 || len(document.Programs[0].Metadata) != 3 {
		t.Fatalf("%+v", document)
	}
	if v := document.Programs[0].Metadata[1]; v.Name != "revision" || v.Value != 4711.0 || v.Section != ".rodata.build" {
		t.Errorf("%+v", v)
	}
}

func TestMetadataOfProgramsInTheKernel(t *testing.T) {
	programs := []metadata.Program{
		{ID: 41, Name: "count", Type: "xdp", Tag: "c140768edde9f8a5", Pins: []string{"/sys/fs/bpf/a", "/sys/fs/bpf/b"}, Metadata: []metadata.Variable{
			{Name: "owner", Type: "const char[4]", Value: "me\x1b[1m", Section: ".rodata", Map: 7, MapName: "count.rodata"},
		}},
		{ID: 42, Name: "", Type: "tracing", Tag: "0123456789abcdef"},
	}
	var out bytes.Buffer
	if err := writeMetadata(&out, programs); err != nil {
		t.Fatal(err)
	}
	want := `xdp count, id 41, tag c140768edde9f8a5
  pinned at /sys/fs/bpf/a, /sys/fs/bpf/b
  owner  const char[4]  .rodata, map 7  "me\x1b[1m"

tracing without a name, id 42, tag 0123456789abcdef
  no metadata
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	out.Reset()
	if err := writeMetadata(&out, nil); err != nil || out.String() != "no program has metadata\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestMetadataHasExitCodes(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text.o")
	if err := os.WriteFile(text, []byte("no object"), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]struct {
		code int
		says string
	}{
		"--id 0":                         {exitNotThere, "no program has id 0"},
		"--pinned /nonexistent":          {exitNotThere, "nothing is pinned"},
		"--object /nonexistent/o":        {exitNotThere, "no such file"},
		"--object " + text:               {exitRefused, "not a BPF object"},
		"--id 1 --object o":              {verdict.ExitUsage, "one of them"},
		"--id 1 --pinned p":              {verdict.ExitUsage, "one of them"},
		"--pinned p --object o":          {verdict.ExitUsage, "one of them"},
		"--id many":                      {verdict.ExitUsage, "invalid argument"},
		"word":                           {verdict.ExitUsage, "unknown command"},
		"--object " + severalObject:      {verdict.ExitClean, ""},
		"--json --id 4000000000":         {exitNotThere, "no program"},
		"--pinned " + filepath.Dir(text): {exitNotThere, "nothing is pinned"},
	} {
		_, code, err := showMetadata(t, strings.Fields(args)...)
		if code != want.code || (err == nil) != (want.says == "") ||
			err != nil && !strings.Contains(err.Error(), want.says) {
			t.Errorf("%s: exit code %d, %v; want %d and %q", args, code, err, want.code, want.says)
		}
	}
}

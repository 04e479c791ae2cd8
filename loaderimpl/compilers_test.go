// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// compilers returns the objects in testdata/compilers that a compiler made, the same source each.
func compilers(t *testing.T, name string) []string {
	t.Helper()
	objects, err := filepath.Glob(filepath.Join("testdata", "compilers", "maps."+name+"-*.o"))
	if err != nil || len(objects) == 0 {
		t.Fatalf("no objects of %s: %v", name, err)
	}
	return objects
}

func TestOpenReadsWhatEveryClangCompiled(t *testing.T) {
	objects := compilers(t, "clang")
	for _, oldest := range []string{"11", "13", "14", "16", "19", "22"} {
		if !slices.Contains(objects, filepath.Join("testdata", "compilers", "maps.clang-"+oldest+".o")) {
			t.Errorf("no object of clang %s", oldest)
		}
	}
	for _, path := range objects {
		o, err := Open([]string{path}, Options{})
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		golden, got := strings.TrimSuffix(path, ".o")+".golden", describeObject(o)
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", path, diff)
		}
	}
}

// GNU as 2.40, which Debian has for gcc 12, adds a symbol's value twice. Its own linker reads the
// next variable then.
func TestOpenRefusesWhatIsAddedTwice(t *testing.T) {
	for _, path := range compilers(t, "gcc") {
		_, err := Open([]string{path}, Options{})
		compareRefusal(t, path, err, &Error{Stage: refuse.StageDefine, Class: ClassRelocation,
			Object: "maps", Section: ".maps", Symbol: "outer"}, refuse.ErrAddend)
	}
}

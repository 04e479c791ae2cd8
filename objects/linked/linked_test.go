// SPDX-License-Identifier: Apache-2.0

package linked

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestObjectsAreLinkedFromWhatIsCommitted(t *testing.T) {
	sum, err := os.ReadFile("linked.sum")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for line := range strings.Lines(string(sum)) {
		digest, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		want[name] = digest
	}
	got := map[string]string{}
	note := func(name string, contents []byte) {
		got[name] = fmt.Sprintf("%x", sha256.Sum256(contents))
	}
	for _, o := range All() {
		note(o.File(), o.ELF())
	}
	for _, s := range Sets {
		for _, name := range s.Objects {
			file := "../linking/el/" + name + ".o"
			contents, err := os.ReadFile(filepath.FromSlash(file))
			if err != nil {
				t.Fatal(err)
			}
			note(file, contents)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("run go run ./objects/linked/make: linked.sum (-), the files (+):\n%s", diff)
	}
}

func TestEveryFileIsAnObjectOfTheList(t *testing.T) {
	var present, listed []string
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			present = append(present, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range All() {
		listed = append(listed, o.File())
	}
	slices.Sort(listed)
	if diff := cmp.Diff(present, listed); diff != "" {
		t.Errorf("embedded (-), in the list (+):\n%s", diff)
	}
}

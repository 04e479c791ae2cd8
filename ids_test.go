// SPDX-License-Identifier: Apache-2.0

package loadstone_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// anyID finds what is an id by its looks: where a request or an option has one.
var anyID = regexp.MustCompile(`(?:"spec":"|--spec '?)([a-z][\w./*-]*)`)

// committedIDs returns the ids of the specs.
func committedIDs(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("suites/catalogue/catalogue.json")
	if err != nil {
		t.Fatal(err)
	}
	var committed struct {
		Specs []string `json:"specs"`
	}
	if err := json.Unmarshal(text, &committed); err != nil {
		t.Fatal(err)
	}
	return committed.Specs
}

// names reports whether an id of a text names one of the specs: it is a spec, a requirement, a part
// of one in front of a dot or a slash, or the start of several ids and a *.
func names(id string, specs []string) bool {
	start, several := strings.CutSuffix(id, "*")
	return slices.ContainsFunc(specs, func(spec string) bool {
		rest, ok := strings.CutPrefix(spec, start)
		return ok && (several || rest == "" || rest[0] == '.' || rest[0] == '/')
	})
}

// Who copies an id from a page has a spec to run. The example of a suite of CONTRIBUTING, sharing,
// is of an area that the project does not have.
func TestDocumentsNameSpecsThatExist(t *testing.T) {
	specs := committedIDs(t)
	var areas []string
	for _, spec := range specs {
		area, _, _ := strings.Cut(spec, ".")
		areas = append(areas, area)
	}
	slices.Sort(areas)
	ofAnArea := regexp.MustCompile(`(?:^|[^\w./-])((?:` + strings.Join(slices.Compact(areas), "|") +
		`)(?:\.[a-z0-9][a-z0-9-]*)+(?:/[a-z0-9_-]+)*(?:\.?\*)?)`)
	found := 0
	look := func(path string) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			for _, match := range slices.Concat(ofAnArea.FindAllStringSubmatch(line, -1),
				anyID.FindAllStringSubmatch(line, -1)) {
				id := match[1]
				if found++; strings.HasPrefix(id, "sharing.") || strings.HasSuffix(id, ".go") {
					continue
				}
				if !names(id, specs) {
					t.Errorf("%s:%d: no spec is named %s", path, i+1, id)
				}
			}
		}
	}
	look("README.md")
	look("CONTRIBUTING.md")
	err := filepath.WalkDir("docs", func(path string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".md" {
			look(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 20 {
		t.Errorf("%d ids were found", found)
	}
}

func TestIDsOfTextsAreFound(t *testing.T) {
	specs := []string{"area.noun.rule/variant"}
	for id, want := range map[string]bool{
		"area.noun.rule/variant": true, "area.noun.rule": true, "area.noun": true, "area.*": true,
		"area.nou": false, "area.noun.rule/other": false, "other.*": false, "area.noun.rul": false,
	} {
		if names(id, specs) != want {
			t.Errorf("%s names a spec: want %v", id, want)
		}
	}
}

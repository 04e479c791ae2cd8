// SPDX-License-Identifier: Apache-2.0

package all_test

import (
	"flag"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/drivers/reference"
	"github.com/loadstone-bpf/loadstone/suites/catalogue"
	"github.com/loadstone-bpf/loadstone/suites/runner"
	"github.com/loadstone-bpf/loadstone/suites/runner/native"

	_ "github.com/loadstone-bpf/loadstone/suites/all"
)

var update = flag.Bool("update", false, "write suites/catalogue/catalogue.json anew")

func TestMain(m *testing.M) { native.Main(m, reference.New) }

// The reference loader passes every spec on the kernel that is running.
func TestReferenceLoader(t *testing.T) { native.Run(t, reference.New) }

func TestCatalogueFollowsTheHouseRules(t *testing.T) {
	if err := runner.Check(); err != nil {
		t.Error(err)
	}
}

func TestCatalogueIsCommitted(t *testing.T) {
	entries, err := runner.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	committed, err := catalogue.Committed()
	if err != nil {
		t.Fatal(err)
	}
	now, err := committed.With(ids(entries))
	if err != nil {
		t.Fatalf("suites/catalogue/catalogue.json: %v", err)
	}
	if *update {
		write(t, "../catalogue/catalogue.json", now)
		return
	}
	if diff := cmp.Diff(committed, now); diff != "" {
		t.Errorf("suites/catalogue/catalogue.json is old ('go generate ./suites/all' writes it anew):\n%s", diff)
	}
}

func ids(entries []runner.Entry) []string {
	all := make([]string, len(entries))
	for i, e := range entries {
		all[i] = e.Spec
	}
	return all
}

func write(t *testing.T, file string, c catalogue.Catalogue) {
	t.Helper()
	text, err := c.Text()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestSpecsOfTheHarnessAreInNoCatalogue(t *testing.T) {
	entries, err := runner.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Suite == "check" || e.Suite == "faults" {
			t.Errorf("%s is in the catalogue", e.Spec)
		}
	}
}

// A suite that nothing links in would be one whose specs never run. The harness's own have no area
// of requirements that would miss them.
func TestEverySuiteIsInTheList(t *testing.T) {
	const suites = "github.com/loadstone-bpf/loadstone/suites/"
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, e := range entries {
		if e.IsDir() && slices.Contains(imports(t, filepath.Join("..", e.Name())), suites+"suite") {
			want = append(want, suites+e.Name())
		}
	}
	if diff := cmp.Diff(want, imports(t, ".")); diff != "" {
		t.Errorf("suites/all and the folders of suites/ that hold specs:\n%s", diff)
	}
}

// imports returns what the package in a folder imports, without its tests, sorted.
func imports(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, name := range files {
		if match, _ := path.Match("*_test.go", filepath.Base(name)); match {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, imported)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

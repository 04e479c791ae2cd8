// SPDX-License-Identifier: Apache-2.0

// Package loadstone_test holds what is true of the module as a whole: who may import whom.
package loadstone_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// module is the path of this module.
const module = "github.com/loadstone-bpf/loadstone"

// A rule says what the packages of one folder may import: those in it and everything below it, less
// the folders that have a rule of their own.
type rule struct {
	folder string
	may    string // folders that its packages may import, beside their own
	tests  string // folders that its tests may import as well
	not    string // packages outside the module that it must not import, with everything below them
	apart  bool   // its packages may not import each other
}

// impure are the packages through which code reaches the machine that it runs on.
const impure = "os syscall net golang.org/x/sys"

// rules are the layers of the project, from the lowest up. A package may import from rows above its
// own only, which the order of the table makes plain and the compiler a fact.
var rules = []rule{
	{folder: "loader/jsonline"},
	{folder: "loader/schema"},
	{folder: "loader/protocol"},
	{folder: "loader", may: "loader/jsonline", tests: "loader/schema drivers/faults"},
	{folder: "loader/check", may: "loader loader/schema", tests: "drivers/cilium drivers/faults"},
	{folder: "loaderimpl/internal/refuse", not: impure},
	{folder: "loaderimpl/internal/objfile", may: "loaderimpl/internal/refuse", not: impure},
	{folder: "loaderimpl/internal/typeinfo", may: "loaderimpl/internal/refuse loaderimpl/internal/objfile", not: impure},
	{folder: "loaderimpl/internal/sys"},
	{folder: "loaderimpl/internal/mapdef", may: "loaderimpl/internal/refuse loaderimpl/internal/objfile loaderimpl/internal/typeinfo", not: impure},
	{folder: "loaderimpl/internal/code", may: "loaderimpl/internal/refuse loaderimpl/internal/objfile loaderimpl/internal/typeinfo loaderimpl/internal/mapdef", not: impure},
	{folder: "loaderimpl", may: "loaderimpl/internal", not: "golang.org/x/sys"}, // package sys alone imports golang.org/x/sys
	{folder: "objects/elfedit"},
	{folder: "objects/build"},
	{folder: "objects", may: "objects/elfedit"},
	{folder: "requirements"},
	{folder: "oracle"},
	{folder: "record", may: "loader/jsonline"},
	{folder: "vmtest/wholefile"},
	{folder: "vmtest/flock"},

	{folder: "vmtest/arch"},
	{folder: "vmtest/apt", may: "vmtest/flock vmtest/wholefile"},
	{folder: "vmtest/kernel", may: "vmtest/arch vmtest/apt vmtest/flock vmtest/wholefile"},
	{folder: "vmtest/image/mkshell", may: "vmtest/wholefile"},
	{folder: "vmtest/image", may: "vmtest/arch vmtest/kernel vmtest/wholefile"},
	{folder: "vmtest/guest/wire"},
	{folder: "vmtest/guest/inkernel"},
	{folder: "vmtest/guest", may: "vmtest/arch vmtest/guest/wire vmtest/guest/inkernel"},
	{folder: "vmtest/machine", may: "vmtest/arch vmtest/flock vmtest/guest/wire vmtest/wholefile", tests: "vmtest/image vmtest/kernel"},

	{folder: "drivers", may: "loader"},
	{folder: "drivers/rust"},
	{folder: "drivers/bundle", may: "drivers/rust loader vmtest/apt vmtest/flock vmtest/arch vmtest/wholefile", tests: "vmtest/guest vmtest/kernel"},
	{folder: "drivers/rust/rusttest", may: "drivers/bundle loader loader/schema vmtest/kernel"},
	{folder: "drivers/command", may: "loader", tests: "objects"},
	{folder: "drivers/cilium", may: "loader", tests: "drivers drivers/command loader/schema objects"},
	{folder: "drivers/faults", may: "loader drivers/cilium"},
	{folder: "drivers/reference", may: "loader loaderimpl", tests: "oracle"},
	{folder: "drivers/bpftool", may: "drivers/command loader", tests: "objects"},
	{folder: "drivers/iproute2", may: "drivers/command loader"},
	{folder: "drivers/iproute2-builtin", may: "drivers/iproute2 loader"},
	{folder: "drivers/libbpf", tests: "drivers/bundle loader vmtest/kernel"},
	{folder: "drivers/libbpf-rs", tests: "drivers/bundle drivers/rust loader objects"},
	{folder: "drivers/aya", tests: "drivers/bundle drivers/rust loader objects"},

	{folder: "suites/phrase", may: "loader oracle"},
	{folder: "suites/runner", may: "suites/phrase loader oracle record requirements", tests: "suites/suite"},
	{folder: "suites/suite", may: "suites/phrase suites/runner loader oracle", tests: "drivers/reference objects record"},
	{folder: "suites", apart: true, may: "suites/suite loader objects objects/elfedit oracle", tests: "suites/runner drivers/reference record"},
	{folder: "suites/check", may: "suites/suite objects record"},
	{folder: "suites/faults", may: "suites/suite record vmtest/guest/inkernel", tests: "suites/runner"},
	{folder: "suites/catalogue"},
	{folder: "suites/all", may: "suites", tests: "drivers/reference"},
	{folder: "cmd/loadstone-guest", may: "suites/all suites/runner drivers/reference loader oracle record vmtest/guest", tests: "suites/catalogue"},

	{folder: "verdict", may: "record requirements vmtest/wholefile"},
	{folder: "report", may: "verdict vmtest/wholefile"},
	{folder: "run", may: "record requirements verdict vmtest", tests: "drivers/bundle drivers/faults loader"},
	{folder: "cmd/loadstone", may: "drivers loader record report requirements run verdict vmtest"},
	{folder: "bench", may: "loaderimpl record vmtest"},
}

// below reports whether a package is in a folder, or is that folder.
func below(pkg, folder string) bool { return pkg == folder || strings.HasPrefix(pkg, folder+"/") }

// within reports whether a package is in one of the folders of a list.
func within(pkg, folders string) bool {
	return slices.ContainsFunc(strings.Fields(folders), func(f string) bool { return below(pkg, f) })
}

// ruleOf returns the rule of the innermost folder that a package is in, or nil.
func ruleOf(pkg string) *rule {
	var found *rule
	for i := range rules {
		if below(pkg, rules[i].folder) && (found == nil || len(rules[i].folder) > len(found.folder)) {
			found = &rules[i]
		}
	}
	return found
}

// refuses returns why a package of the folder must not import another, or nothing where it may. The
// import is a whole path; ours begin with the module's.
func (r *rule) refuses(pkg, imported string, test bool) string {
	own, ours := strings.CutPrefix(imported, module+"/")
	switch {
	case !ours && !test && within(imported, r.not):
		return imported + " reaches the machine"
	case !ours, own == pkg, !r.apart && below(own, r.folder), within(own, r.may), test && within(own, r.tests):
		return ""
	}
	return own + " is in no folder that " + r.folder + " may import"
}

// A listed is a package as go list prints it.
type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

// readFolders opens every folder of the module. Go's test cache keeps a result as long as the files
// and folders that the test itself opened stay the same; those that go list opens do not count.
func readFolders(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && slices.Contains([]string{".git", "bin", "out"}, path) {
			return filepath.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// listModule returns every package of the module.
func listModule(t *testing.T) []listed {
	t.Helper()
	readFolders(t)
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", module+"/...").Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v: %s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var packages []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

func TestImportsFollowTheLayers(t *testing.T) {
	governed := make(map[string]bool)
	for _, p := range listModule(t) {
		pkg, ours := strings.CutPrefix(p.ImportPath, module+"/")
		if !ours {
			continue // the module's root, which holds this test
		}
		r := ruleOf(pkg)
		if r == nil {
			t.Errorf("%s: no rule says what it may import: add its folder to the table", pkg)
			continue
		}
		governed[r.folder] = true
		for _, imported := range p.Imports {
			if why := r.refuses(pkg, imported, false); why != "" {
				t.Errorf("%s: %s", pkg, why)
			}
		}
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			if why := r.refuses(pkg, imported, true); why != "" {
				t.Errorf("tests of %s: %s", pkg, why)
			}
		}
	}
	for _, r := range rules {
		if !governed[r.folder] {
			t.Errorf("folder %s of the table has no package", r.folder)
		}
	}
}

// A table that no import breaks could be one that is not looked at.
func TestForbiddenImportIsRefused(t *testing.T) {
	pure := rule{folder: "a/pure", may: "a/low", tests: "a/testing", not: impure}
	for _, c := range []struct {
		imported string
		test     bool
		refused  bool
	}{
		{module + "/a/low", false, false},
		{module + "/a/lower", false, true},
		{module + "/a/pure/inner", false, false},
		{module + "/a/testing", false, true},
		{module + "/a/testing", true, false},
		{"os", false, true},
		{"os/exec", false, true},
		{"os", true, false},
		{"golang.org/x/sys/unix", false, true},
		{"osprey", false, false},
		{"bytes", false, false},
	} {
		if got := pure.refuses("a/pure", c.imported, c.test) != ""; got != c.refused {
			t.Errorf("import of %s (test: %v): refused %v, want %v", c.imported, c.test, got, c.refused)
		}
	}
}

// A rule names only folders that stand above it, so that the table has no circle.
func TestLayersHaveNoCircle(t *testing.T) {
	place := make(map[string]int)
	for i, r := range rules {
		if _, twice := place[r.folder]; twice {
			t.Errorf("folder %s has two rules", r.folder)
		}
		place[r.folder] = i
	}
	for i, r := range rules {
		for _, folder := range strings.Fields(r.may) {
			if place[folder] > i {
				t.Errorf("%s may import %s, whose rule comes later in the table", r.folder, folder)
			}
		}
	}
}

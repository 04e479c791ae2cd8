// SPDX-License-Identifier: Apache-2.0

// Package loadstone_test holds what is true of the module as a whole: who may import whom.
package loadstone_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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
	not    string // packages that it must not import, with everything below them; ours by their folders
	apart  bool   // its packages may not import each other
	alone  bool   // it is for the folder itself; what is below it needs rules of its own
	pure   bool   // its packages must not reach the machine: see [TestPureLayersReachNoMachine]
}

// rules are the layers of the project, from the lowest up. A package may import from rows above its
// own only, which the order of the table makes plain and the compiler a fact.
var rules = []rule{
	{folder: "loader/jsonline"},
	{folder: "loader/schema"},
	{folder: "loader/protocol"},
	{folder: "loader", may: "loader/jsonline", tests: "loader/schema drivers/faults"},
	{folder: "loader/check", may: "loader", tests: "loader/schema drivers/cilium drivers/faults"},
	{folder: "vmtest/flock"},
	{folder: "oracle/turn", may: "vmtest/flock"},
	{folder: "loaderimpl/internal/refuse", pure: true},
	{folder: "loaderimpl/internal/objfile", may: "loaderimpl/internal/refuse", pure: true},
	{folder: "loaderimpl/internal/typeinfo", may: "loaderimpl/internal/refuse loaderimpl/internal/objfile", pure: true},
	{folder: "loaderimpl/internal/typefile", may: "loaderimpl/internal/refuse loaderimpl/internal/typeinfo"},
	{folder: "loaderimpl/internal/sys", tests: "oracle/turn"},
	{folder: "loaderimpl/internal/mapdef", may: "loaderimpl/internal/refuse loaderimpl/internal/objfile loaderimpl/internal/typeinfo", pure: true},
	{folder: "loaderimpl/internal/core", may: "loaderimpl/internal/refuse loaderimpl/internal/objfile loaderimpl/internal/typeinfo", pure: true},
	{folder: "loaderimpl/internal/externs", may: "loaderimpl/internal/refuse loaderimpl/internal/objfile loaderimpl/internal/typeinfo", pure: true},
	{folder: "loaderimpl/internal/code", may: "loaderimpl/internal/externs loaderimpl/internal/mapdef loaderimpl/internal/objfile loaderimpl/internal/refuse loaderimpl/internal/typeinfo", pure: true},
	{folder: "loaderimpl/internal/linker/dedup", may: "loaderimpl/internal/refuse loaderimpl/internal/objfile loaderimpl/internal/typeinfo", pure: true},
	{folder: "loaderimpl/internal/linker", may: "loaderimpl/internal/refuse loaderimpl/internal/objfile loaderimpl/internal/typeinfo loaderimpl/internal/mapdef loaderimpl/internal/linker/dedup", pure: true},
	{folder: "loaderimpl/internal/structops", may: "loaderimpl/internal/refuse loaderimpl/internal/objfile loaderimpl/internal/typeinfo loaderimpl/internal/mapdef", pure: true},
	{folder: "loaderimpl", alone: true, may: "loaderimpl/internal", tests: "oracle/turn", not: "golang.org/x/sys"}, // package sys alone imports golang.org/x/sys
	{folder: "loaderimpl/btfview", may: "loaderimpl/internal", tests: "objects"},
	{folder: "loaderimpl/xdpchain", may: "loaderimpl", tests: "oracle/turn", not: "loaderimpl/internal"}, // a policy on top of the loader, as any other program could be
	{folder: "objects/elfedit"},
	{folder: "objects/build"},
	{folder: "objects", may: "objects/elfedit"},
	{folder: "objects/linked"},
	{folder: "requirements"},
	{folder: "vmtest/wholefile"},
	{folder: "oracle", tests: "oracle/turn"},
	{folder: "oracle/hygiene", may: "oracle", tests: "oracle/turn"},
	{folder: "oracle/need", may: "oracle"},
	{folder: "structops/structopstest"},
	{folder: "structops", may: "loaderimpl oracle"},
	{folder: "metadata", may: "loaderimpl oracle"},
	{folder: "structops/insertion", may: "structops loaderimpl", tests: "structops/structopstest oracle"},
	{folder: "record", may: "loader/jsonline"},

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
	{folder: "drivers/cilium", may: "loader", tests: "drivers drivers/command loader/schema objects oracle/turn"},
	{folder: "drivers/faults", may: "loader drivers/cilium record vmtest/guest/wire"},
	{folder: "drivers/reference", may: "loader loaderimpl metadata structops", tests: "oracle oracle/turn"},
	{folder: "drivers/bpftool", may: "drivers/command loader", tests: "objects oracle/turn"},
	{folder: "drivers/iproute2", may: "drivers/command loader"},
	{folder: "drivers/xdptools", may: "drivers/command loader"},
	{folder: "drivers/iproute2-builtin", may: "drivers/iproute2 loader"},
	{folder: "drivers/libbpf", tests: "drivers/bundle loader vmtest/kernel"},
	{folder: "drivers/libbpf-rs", tests: "drivers/bundle drivers/rust loader objects"},
	{folder: "drivers/aya", tests: "drivers/bundle drivers/rust loader objects"},

	{folder: "objects/linked/make", may: "drivers drivers/bundle loader loaderimpl objects/linked vmtest"},

	{folder: "suites/phrase", may: "loader oracle"},
	{folder: "suites/runner/surround", may: "loader requirements"},
	{folder: "suites/runner", may: "suites/phrase suites/runner/surround loader oracle record requirements", tests: "suites/suite"},
	{folder: "suites/trap", may: "oracle"},
	{folder: "suites/suite", may: "suites/phrase suites/runner suites/trap loader oracle record", tests: "drivers/reference objects record"},
	{folder: "suites/rtnetlink"},
	{folder: "suites", apart: true, may: "loader objects objects/elfedit oracle structops suites/rtnetlink suites/suite", tests: "drivers/reference record suites/runner"},
	{folder: "suites/check", may: "loader objects oracle record suites/rtnetlink suites/suite"},
	{folder: "suites/faults", may: "suites/suite suites/rtnetlink oracle/hygiene record vmtest/guest/inkernel", tests: "suites/runner"},
	{folder: "suites/catalogue"},
	{folder: "suites/all", may: "suites", tests: "drivers/reference"},
	{folder: "cmd/loadstone-guest", may: "suites/all suites/runner drivers/reference loader oracle oracle/hygiene record requirements vmtest/guest", tests: "suites/catalogue"},

	{folder: "verdict", may: "record requirements vmtest/wholefile"},
	{folder: "report", may: "verdict vmtest/wholefile"},
	{folder: "repro", may: "loader record verdict vmtest/wholefile"},
	{folder: "run", may: "oracle/turn record requirements verdict vmtest", tests: "drivers/bundle drivers/faults loader objects suites/faults"},
	{folder: "check", may: "record verdict", tests: "objects"},
	{folder: "check/corpus", may: "check verdict vmtest/apt vmtest/kernel vmtest/wholefile", tests: "record"},
	{folder: "check/floors", may: "check vmtest/wholefile"},
	{folder: "check/floors/probe", may: "oracle/need"},
	{folder: "cmd/loadstone", may: "check drivers loader loaderimpl metadata record report repro requirements run structops structops/insertion suites/catalogue verdict vmtest", tests: "objects"},
	{folder: "mutants/idle", may: "loader"},
	{folder: "mutants", may: "drivers/bundle loader record requirements run suites/catalogue verdict vmtest"},
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
		if rules[i].alone && pkg != rules[i].folder {
			continue
		}
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
	case imported == module:
		return "the module's root holds tests, and is not to be imported"
	case ours && slices.Contains(strings.Split(own, "/"), "testdata"):
		return own + " is test data, which go list does not look into"
	case !ours && !test && within(imported, r.not), ours && !test && within(own, r.not):
		return imported + " is not for " + r.folder
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
	pure := rule{folder: "a/pure", may: "a/low", tests: "a/testing", not: "os golang.org/x/sys a/low/inner"}
	for _, c := range []struct {
		imported string
		test     bool
		refused  bool
	}{
		{module + "/a/low", false, false},
		{module + "/a/lower", false, true},
		{module + "/a/low/inner", false, true},
		{module + "/a/low/inner", true, false},
		{module + "/a/pure/inner", false, false},
		{module + "/a/testing", false, true},
		{module + "/a/testing", true, false},
		{module, false, true},
		{module + "/a/pure/testdata/x", false, true},
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

// typesAndConstants matches what cilium/ebpf exports, but for its functions, which make system
// calls: their names begin with a verb.
var typesAndConstants = regexp.MustCompile(`^(Attach|CGroup|LWT|Lirc|Map|Program|Sched|Sk|Sock|` +
	`Unspecified|XDP|Raw|Perf|Array|Hash|Extension|Flow|Kprobe|LSM|Netfilter|StructOps|Syscall|` +
	`TracePoint|Tracing|LRU|Queue|Stack|DevMap|CPUMap|XSKMap|Arena|Ring|User|InodeStorage|` +
	`TaskStorage|CGroupStorage|Bloom|LPMTrie|PerCPU|ReusePort|TCX)[A-Za-z0-9]*$`)

// pureImports are the packages outside the module that a pure layer may import, each with the names
// of it that may be used; nil allows all.
var pureImports = map[string]*regexp.Regexp{
	"bytes": nil, "cmp": nil, "encoding/binary": nil, "errors": nil, "fmt": nil, "math": nil,
	"maps": nil, "math/bits": nil, "sync": nil,
	"reflect": nil, "slices": nil, "sort": nil, "strconv": nil, "strings": nil,

	"debug/elf": regexp.MustCompile(`^(E[IMTV]_.*|ELF.*|SH[FNT]_.*|ST[BTV]?_.*|Class|Data|Machine|` +
		`Section(Flag|Index|Type)|Sym(Bind|Type|Vis)|Type|Version)$`),
	"github.com/cilium/ebpf":     typesAndConstants,
	"github.com/cilium/ebpf/btf": regexp.MustCompile(`^(LoadSpecFromReader|Spec|TypeID)$`),
}

// TestPureLayersReachNoMachine reads all sources of the pure layers, also those that the compiler
// and go list leave out on this machine: for other systems, behind build tags, in cgo.
func TestPureLayersReachNoMachine(t *testing.T) {
	for _, r := range rules {
		if !r.pure {
			continue
		}
		files, err := filepath.Glob(filepath.Join(r.folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", r.folder, len(files), err)
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, way := range waysToTheMachine(t, path, text) {
				t.Errorf("%s %s", path, way)
			}
		}
	}
}

// waysToTheMachine returns all by which a source could reach the machine that it runs on.
func waysToTheMachine(t *testing.T, path string, text []byte) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, text, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ways []string
	limited := make(map[string]*regexp.Regexp) // names that may be used, by the name of a package
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		names, allowed := pureImports[imported]
		switch {
		case strings.HasPrefix(imported, module): // the table's business
		case !allowed:
			ways = append(ways, "imports "+imported+", which is not for pure layers")
		case names != nil && spec.Name != nil:
			ways = append(ways, "gives "+imported+" another name, which hides what it uses of it")
		case names != nil:
			limited[imported[strings.LastIndex(imported, "/")+1:]] = names
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := selector.X.(*ast.Ident)
		if ok && limited[pkg.Name] != nil && !limited[pkg.Name].MatchString(selector.Sel.Name) {
			ways = append(ways, "uses "+pkg.Name+"."+selector.Sel.Name+", which could reach the machine")
		}
		return true
	})
	return ways
}

// Each of these passed once, as neither this machine's compiler nor its list of imports shows it.
func TestWaysToTheMachineAreSeen(t *testing.T) {
	for name, source := range map[string]string{
		"os":             `import "os"; var _ = os.Getpid`,
		"cgo":            `import "C"`,
		"unsafe":         `import _ "unsafe"`,
		"log":            `import "log"; var _ = log.Fatal`,
		"glob":           `import "path/filepath"; var _ = filepath.Glob`,
		"rlimit":         `import "github.com/cilium/ebpf/rlimit"; var _ = rlimit.RemoveMemlock`,
		"elf.Open":       `import "debug/elf"; var _ = elf.Open`,
		"kernel's types": `import "github.com/cilium/ebpf/btf"; var _ = btf.LoadKernelSpec`,
		"pinned map":     `import "github.com/cilium/ebpf"; var _ = ebpf.LoadPinnedMap`,
		"CPUs":           `import "github.com/cilium/ebpf"; var _ = ebpf.PossibleCPU`,
		"another name":   `import e "debug/elf"; var _ = e.Open`,
	} {
		source = "//go:build never\n\npackage p\n" + source
		if got := waysToTheMachine(t, name, []byte(source)); len(got) == 0 {
			t.Errorf("%s: nothing is seen", name)
		}
	}
}

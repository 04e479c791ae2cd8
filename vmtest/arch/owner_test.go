// SPDX-License-Identifier: Apache-2.0

package arch

import (
	"debug/elf"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root leads from here to the module's root.
const root = "../.."

// governed lists the folders whose production code reads the table and knows no
// architecture by itself.
var governed = []string{"vmtest", "run", "cmd", "drivers"}

// An exception lets a file, or a folder with a slash at its end, name an
// architecture: by one word of the table, or in any way.
type exception struct{ file, word, reason string }

var exceptions = []exception{
	{"vmtest/arch/", "", "the table"},
	{"vmtest/guest/exit_amd64.go", "", "the instruction that writes to an I/O port, which other architectures do not have"},
	{"vmtest/guest/exit_other.go", "", "its absence"},
	{"vmtest/guest/inkernel/", "", "machine code for faults, and the relocations of a module of its architecture"},
	{"vmtest/kernel/image.go", "bzImage", "what to give where a file is no boot image of a format"},
	{"vmtest/kernel/store.go", "vmlinuz", "the cache's own name of a boot image"},
	{"vmtest/kernel/kerneltest/", "vmlinuz", "files of one architecture for tests"},
	{"vmtest/apt/apttest/", "amd64", "files of one architecture for tests"},
	{"cmd/loadstone/run.go", "bzImage", "an example of a path, for users"},
	{"cmd/loadstone/kernels.go", "bzImage", "an example of a path, for users"},
}

// covers reports whether the exception is for an occurrence.
func (e exception) covers(o occurrence) bool {
	folder := strings.HasSuffix(e.file, "/") && strings.HasPrefix(o.file, e.file)
	return (folder || e.file == o.file) && (e.word == "" || e.word == o.word)
}

// goArchitectures lists the words by which a build constraint or the name of a file
// chooses an architecture, whether the table has it or not.
var goArchitectures = strings.Fields("386 amd64 arm arm64 loong64 mips mipsle mips64 mips64le ppc64 ppc64le riscv64 s390x")

// words returns the strings of the table that can mean nothing but an architecture.
func words() []string {
	var all []string
	add := func(values ...string) {
		for _, v := range values {
			if v != "" && !slices.Contains(all, v) {
				all = append(all, v)
			}
		}
	}
	for _, a := range table {
		add(a.Name, a.Debian, a.KernelFlavour, a.InstalledImage, a.QEMU, a.Console.TTY,
			a.Console.Kconfig,
			a.Records.TTY, a.Payload.Driver, a.Ring.Driver)
		add(a.BuildImage)
		if base := path.Base(a.BuildImage); base != "Image" { // a word of English
			add(base)
		}
		add(strings.TrimPrefix(a.QEMU, "qemu-system-"))
		add(strings.Split(a.Exit.Device, ",")[0])
	}
	return all
}

// An occurrence describes one naming of an architecture in code, by a word.
type occurrence struct{ file, word string }

// find returns where the production code of the module's folders names an
// architecture. It opens each file itself, so that go's test cache knows them.
func find(t *testing.T, folders []string) []occurrence {
	t.Helper()
	var quoted []string
	for _, w := range words() {
		quoted = append(quoted, regexp.QuoteMeta(w))
	}
	named := regexp.MustCompile(`(^|[^A-Za-z0-9_])(` + strings.Join(quoted, "|") +
		`)($|[^A-Za-z0-9_])`)
	var found []occurrence
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, folder),
			func(name string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") ||
					strings.HasSuffix(name, "_test.go") {
					return err
				}
				file, err := filepath.Rel(root, name)
				if err != nil {
					return err
				}
				parsed, err := parser.ParseFile(token.NewFileSet(), name, nil,
					parser.ParseComments|parser.SkipObjectResolution)
				if err != nil {
					return err
				}
				for _, word := range wordsIn(file, parsed, named) {
					found = append(found, occurrence{file, word})
				}
				return nil
			})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// wordsIn returns the words in a file that name an architecture: in the file's
// name, build constraints, strings, and constants of package elf.
func wordsIn(file string, parsed *ast.File, named *regexp.Regexp) []string {
	var found []string
	parts := strings.Split(strings.TrimSuffix(path.Base(file), ".go"), "_")
	if last := parts[len(parts)-1]; len(parts) > 1 && slices.Contains(goArchitectures, last) {
		found = append(found, last)
	}
	for _, group := range parsed.Comments {
		for _, c := range group.List {
			if expr, err := constraint.Parse(c.Text); err == nil {
				expr.Eval(func(tag string) bool {
					if slices.Contains(goArchitectures, tag) {
						found = append(found, tag)
					}
					return false
				})
			}
		}
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if n.Kind != token.STRING {
				break
			}
			text, err := strconv.Unquote(n.Value)
			if err != nil {
				break
			}
			for _, match := range named.FindAllStringSubmatch(text, -1) {
				found = append(found, match[2])
			}
		case *ast.SelectorExpr:
			pkg, ok := n.X.(*ast.Ident)
			machine := strings.HasPrefix(n.Sel.Name, "EM_") && n.Sel.Name != elf.EM_BPF.String()
			relocation := strings.HasPrefix(n.Sel.Name, "R_")
			if ok && pkg.Name == "elf" && (machine || relocation) {
				found = append(found, "elf."+n.Sel.Name)
			}
		}
		return true
	})
	return found
}

func TestNothingElseNamesAnArchitecture(t *testing.T) {
	used := make([]bool, len(exceptions))
	for _, o := range find(t, governed) {
		excused := false
		for i, e := range exceptions {
			if e.covers(o) {
				used[i], excused = true, true
			}
		}
		if !excused {
			t.Errorf("%s: %s: what differs between architectures stands in the table of vmtest/arch", o.file, o.word)
		}
	}
	for i, e := range exceptions {
		if !used[i] {
			t.Errorf("nothing needs the exception of %s %q: remove it", e.file, e.word)
		}
	}
}

// A search that finds nothing could be one that does not look.
func TestSearchFindsWhatNamesAnArchitecture(t *testing.T) {
	named := regexp.MustCompile(`(\b)(amd64|bzImage)\b`)
	for _, c := range []struct {
		name, file, text string
		want             []string
	}{
		{"string", "a.go", "package a\nconst a = `x/amd64/y bzImage`", []string{"amd64", "bzImage"}},
		{"part of a word", "a.go", "package a\nconst a = `bzImages`", nil},
		{"comment", "a.go", "package a // amd64", nil},
		{"ELF machine", "a.go", "package a\nvar a = elf.EM_X86_64", []string{"elf.EM_X86_64"}},
		{"relocation", "a.go", "package a\nvar a = elf.R_X86_64_NONE", []string{"elf.R_X86_64_NONE"}},
		{"BPF's ELF machine", "a.go", "package a\nvar a = elf.EM_BPF", nil},
		{"name of a file", "a_s390x.go", "package a", []string{"s390x"}},
		{"constraint", "a.go", "//go:build linux && !arm64\n\npackage a", []string{"arm64"}},
		{"constraint on something else", "a.go", "//go:build linux\n\npackage a", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			parsed, err := parser.ParseFile(token.NewFileSet(), c.file, c.text,
				parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if got := wordsIn(c.file, parsed, named); !slices.Equal(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

// TestEveryFieldIsRead checks that the harness reads every field of an entry.
func TestEveryFieldIsRead(t *testing.T) {
	read := make(map[string]bool)
	for _, folder := range append(slices.Clone(governed), "bench") {
		err := filepath.WalkDir(filepath.Join(root, folder),
			func(name string, d fs.DirEntry, err error) error {
				if err == nil && d.IsDir() && filepath.Base(name) == "arch" {
					return filepath.SkipDir
				}
				if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") ||
					strings.HasSuffix(name, "_test.go") {
					return err
				}
				parsed, err := parser.ParseFile(token.NewFileSet(), name, nil,
					parser.SkipObjectResolution)
				if err != nil {
					return err
				}
				ast.Inspect(parsed, func(n ast.Node) bool {
					if s, ok := n.(*ast.SelectorExpr); ok && isArch(s.X) {
						read[s.Sel.Name] = true
					}
					return true
				})
				return nil
			})
		if err != nil {
			t.Fatal(err)
		}
	}
	entry := reflect.TypeFor[Arch]()
	for i := range entry.NumField() {
		field := entry.Field(i)
		if field.IsExported() && !read[field.Name] {
			t.Errorf("nothing reads field %s", field.Name)
		}
	}
}

// isArch reports whether an expression is called as architectures are here.
func isArch(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name == "a"
	case *ast.SelectorExpr:
		return e.Sel.Name == "Arch"
	case *ast.CallExpr:
		f, ok := e.Fun.(*ast.SelectorExpr)
		return ok && f.Sel.Name == "Default"
	}
	return false
}

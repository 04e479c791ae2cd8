// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

// mostNames bounds the names that the package exports: constants, variables, functions, types and
// methods, as go doc -all shows them, without the fields of structs. A reader has to find the one
// that is needed; before this bound there were 182, of which 102 had no user.
const mostNames = 127

// exported lists the names that the package in a folder exports.
func exported(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, e.Name(), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	p, err := doc.NewFromFiles(fset, files, "loaderimpl")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	values := func(lists ...[]*doc.Value) {
		for _, v := range slices.Concat(lists...) {
			names = append(names, slices.DeleteFunc(slices.Clone(v.Names), func(n string) bool { return !ast.IsExported(n) })...)
		}
	}
	funcs := func(prefix string, lists ...[]*doc.Func) {
		for _, f := range slices.Concat(lists...) {
			names = append(names, prefix+f.Name)
		}
	}
	values(p.Consts, p.Vars)
	funcs("", p.Funcs)
	for _, typ := range p.Types {
		names = append(names, typ.Name)
		values(typ.Consts, typ.Vars)
		funcs("", typ.Funcs)
		funcs(typ.Name+".", typ.Methods)
	}
	return names
}

func TestFewNamesAreExported(t *testing.T) {
	names := exported(t, ".")
	for _, name := range []string{"ClassIO", "ErrHandBack", "Open", "Object", "Object.Load"} {
		if !slices.Contains(names, name) {
			t.Fatalf("%s is not among the names that were found: %v", name, names)
		}
	}
	if len(names) > mostNames {
		t.Errorf("%d names are exported, at most %d: %v", len(names), mostNames, names)
	}
}

// SPDX-License-Identifier: Apache-2.0

package reference_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/drivers/reference"
	"github.com/loadstone-bpf/loadstone/loader"
)

// loaderClasses returns the values of all constants of a type Class in the sources of loaderimpl:
// the library imports nothing of ours, and so writes the protocol's classes itself.
func loaderClasses(t *testing.T) []loader.Class {
	t.Helper()
	var all []loader.Class
	err := filepath.WalkDir("../../loaderimpl", func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if typ, ok := spec.Type.(*ast.Ident); ok && typ.Name == "Class" {
				all = append(all, literals(t, spec.Values)...)
			}
			return false
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// literals returns the values of string literals that are not empty.
func literals(t *testing.T, values []ast.Expr) []loader.Class {
	t.Helper()
	var all []loader.Class
	for _, value := range values {
		literal, ok := value.(*ast.BasicLit)
		if !ok {
			continue // another name for one
		}
		text, err := strconv.Unquote(literal.Value)
		if err != nil {
			t.Fatal(err)
		}
		if text != "" {
			all = append(all, loader.Class(text))
		}
	}
	return all
}

func TestClassesOfTheLoaderAreTheProtocols(t *testing.T) {
	classes := loaderClasses(t)
	if len(classes) < 10 {
		t.Fatalf("loaderimpl has the classes %v: where are the others?", classes)
	}
	for _, class := range classes {
		if !slices.Contains(loader.Classes(), class) {
			t.Errorf("loaderimpl refuses with class %q, which the protocol does not have", class)
		}
	}
}

func TestClaimedFeaturesAreTheProtocols(t *testing.T) {
	ok := do(t, reference.New(), loader.Hello{Protocols: []int{loader.Version}}).(*loader.OK)
	if unknown := loader.UnknownFeatures(ok.Features); len(unknown) > 0 {
		t.Errorf("it claims %v", unknown)
	}
}

// SPDX-License-Identifier: Apache-2.0

package loadstone_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// readingOrder finds the place in a package's doc that begins to say in which order to read its
// files.
var readingOrder = regexp.MustCompile(`\bRead\s+(in\s+this\s+order:\s+)?[\w/.-]+\.(go|yaml)\b`)

// fileName finds the names of files in a package's doc.
var fileName = regexp.MustCompile(`[\w-]+\.go\b`)

// A package whose doc says in which order to read its files names each of them: a reader looks for
// the rest in vain.
func TestReadingOrdersNameEveryFile(t *testing.T) {
	docs := make(map[string]string)    // by folder
	files := make(map[string][]string) // by folder, but those that hold the doc
	eachSource(t, func(path string, text []byte) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		dir, name := filepath.Split(path)
		if file.Doc != nil {
			docs[dir] += file.Doc.Text()
		} else {
			files[dir] = append(files[dir], name)
		}
	}, ".go")
	ordered := 0
	for dir, doc := range docs {
		if !readingOrder.MatchString(doc) {
			continue
		}
		ordered++
		named := fileName.FindAllString(doc, -1)
		for _, name := range files[dir] {
			if !slices.Contains(named, name) {
				t.Errorf("%s: the package's doc says in which order to read the files, and leaves out %s", dir, name)
			}
		}
	}
	if ordered == 0 {
		t.Error("no package says in which order to read its files")
	}
}

func TestReadingOrdersAreFound(t *testing.T) {
	for doc, want := range map[string]bool{
		"Read a.go, then b.go.":                         true,
		"X does.\n\nRead in this order: a.go (what).":   true,
		"Read protocol/messages.yaml, then loader.go.":  true,
		"The sum is of files. Read\nmain.go (what it).": true,
		"A program calls [Read] in advance.":            false,
		"Read the manual.":                              false,
	} {
		if got := readingOrder.MatchString(doc); got != want {
			t.Errorf("%q says in which order to read: %v, want %v", doc, got, want)
		}
	}
}

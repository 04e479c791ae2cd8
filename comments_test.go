// SPDX-License-Identifier: Apache-2.0

package loadstone_test

import (
	"bufio"
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// columns is how wide a comment may be. A tab counts as four.
const columns = 100

// stumbling are words of comments that engineers do not use, or not for this.
var stumbling = regexp.MustCompile(`\b([Nn]obody([^/]|$)|has otherwise|what came of|is had of|goes by|brings along)`)

// generated finds the line that marks a generated file.
var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// eachSource calls visit with every file of the module that has one of the endings, and was not
// generated.
func eachSource(t *testing.T, visit func(path string, text []byte), endings ...string) {
	t.Helper()
	found := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		// Builds of the sources in testdata are committed, and hold the numbers of their lines.
		if d.IsDir() && (slices.Contains([]string{".git", "bin", "out"}, path) || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !slices.Contains(endings, filepath.Ext(path)) {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil || generated.Match(text) {
			return err
		}
		found++
		visit(path, text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == 0 {
		t.Fatalf("no file ends in %v", endings)
	}
}

// A commentLine is a line of a source that holds a comment and nothing else.
type commentLine struct {
	number int // counted from 1
	text   string
}

// commentLines returns the lines of a text that begin with one of the marks of a comment. Links,
// directives and the output of examples, which cannot be broken, are left out.
func commentLines(text []byte, marks ...string) []commentLine {
	var lines []commentLine
	scanner := bufio.NewScanner(bytes.NewReader(text))
	scanner.Buffer(nil, len(text)+1)
	output := false
	for n := 1; scanner.Scan(); n++ {
		line := strings.ReplaceAll(scanner.Text(), "\t", "    ")
		start := strings.TrimLeft(line, " ")
		output = start == "// Output:" || output && strings.HasPrefix(start, "//")
		if output || strings.Contains(line, "://") || strings.HasPrefix(start, "//go:") {
			continue
		}
		if slices.ContainsFunc(marks, func(m string) bool { return strings.HasPrefix(start, m) }) {
			lines = append(lines, commentLine{n, line})
		}
	}
	return lines
}

func TestCommentsAreReadable(t *testing.T) {
	check := func(marks ...string) func(string, []byte) {
		return func(path string, text []byte) {
			for _, line := range commentLines(text, marks...) {
				if n := utf8.RuneCountInString(line.text); n > columns {
					t.Errorf("%s:%d: %d columns, at most %d", path, line.number, n, columns)
				}
				if words := stumbling.FindString(line.text); words != "" {
					t.Errorf("%s:%d: %q: say it in plain words", path, line.number, words)
				}
			}
		}
	}
	eachSource(t, check("//"), ".go", ".rs")
	eachSource(t, check("//", "/*", " *"), ".c", ".h")
	eachSource(t, check("#"), ".yaml")
}

// The second word of a doc comment is a verb that says what the thing does: "Close releases", not
// "Close is". For some things there is no better one, and cilium/ebpf has 4 in 100 of them.
func TestDocCommentsSayWhatThingsDo(t *testing.T) {
	const allowed = 4 // of 100
	all, weak := 0, 0
	look := func(path string, doc *ast.CommentGroup) {
		if doc == nil {
			return
		}
		words := strings.Fields(doc.Text())
		if len(words) > 0 && slices.Contains([]string{"A", "An", "The"}, words[0]) {
			words = words[1:]
		}
		all++
		if len(words) > 1 && (words[1] == "is" || words[1] == "are") {
			weak++
			t.Logf("%s: %s", path, strings.SplitN(doc.Text(), "\n", 2)[0])
		}
	}
	eachSource(t, func(path string, text []byte) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				look(path, d.Doc)
			case *ast.GenDecl:
				look(path, d.Doc)
			}
		}
	}, ".go")
	if weak*100 > all*allowed {
		t.Errorf("%d of %d doc comments say that a thing is something, more than %d in 100: say what it does", weak, all, allowed)
	}
}

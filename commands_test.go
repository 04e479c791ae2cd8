// SPDX-License-Identifier: Apache-2.0

package loadstone_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// typed finds a command of a page: between backticks, or a line that is indented or of a block.
var typed = regexp.MustCompile("`((?:go|make) [^`\n]+)`|(?m:^ *((?:go|make) [^\n]+)$)")

// commandsOf returns the words of the commands of a page.
func commandsOf(t *testing.T, page string) [][]string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var commands [][]string
	for _, match := range typed.FindAllStringSubmatch(string(text), -1) {
		command, _, _ := strings.Cut(match[1]+match[2], "#")
		if words := strings.Fields(command); len(words) > 1 && strings.Join(words, " ") != "go test" {
			commands = append(commands, words)
		}
	}
	return commands
}

// wrong returns what is wrong with a command of a page, or "". What it names has to exist: go test
// says ok to a test that does not. The example of a suite of CONTRIBUTING, sharing, is of an area
// that the project does not have.
func wrong(t *testing.T, command []string, specs []string) string {
	t.Helper()
	if command[0] == "make" {
		makefile, err := os.ReadFile("Makefile")
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range command[1:] {
			found, err := regexp.Match("(?m)^"+regexp.QuoteMeta(target)+":", makefile)
			if err != nil || !found {
				return "no target " + target
			}
		}
		return ""
	}
	dir := ""
	for _, word := range command[2:] {
		if strings.HasPrefix(word, "./") {
			dir = word
			break
		}
	}
	sources, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if dir == "" || err != nil || len(sources) == 0 {
		return "no package " + dir
	}
	switch command[1] {
	case "doc", "run":
		return ""
	case "generate":
		for _, source := range sources {
			text, err := os.ReadFile(source)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "\n//go:generate ") {
				return ""
			}
		}
		return "nothing to generate in " + dir
	case "test":
		at := slices.Index(command, "-run")
		if at < 0 {
			return ""
		}
		test, spec, _ := strings.Cut(strings.Trim(command[at+1], "'"), "/")
		if !slices.ContainsFunc(testsOf(t, sources), regexp.MustCompile(test).MatchString) {
			return "no test of " + dir + " matches " + test
		}
		if spec != "" && spec != "sharing" && !names(spec, specs) {
			return "no spec is named " + spec
		}
		return ""
	}
	return "unknown command"
}

// aTest finds what go test runs in a source.
var aTest = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example)\w*)\(`)

// testsOf returns the names of the tests of a package.
func testsOf(t *testing.T, sources []string) []string {
	t.Helper()
	var tests []string
	for _, source := range sources {
		if !strings.HasSuffix(source, "_test.go") {
			continue
		}
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range aTest.FindAllStringSubmatch(string(text), -1) {
			tests = append(tests, match[1])
		}
	}
	return tests
}

func TestDocumentsGiveCommandsThatDoSomething(t *testing.T) {
	specs, found := committedIDs(t), 0
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "README.md", "CONTRIBUTING.md") {
		for _, command := range commandsOf(t, page) {
			found++
			if what := wrong(t, command, specs); what != "" {
				t.Errorf("%s: %s: %s", page, strings.Join(command, " "), what)
			}
		}
	}
	if found < 10 {
		t.Errorf("%d commands were found", found)
	}
}

func TestCommandsThatDoNothingAreFound(t *testing.T) {
	specs := []string{"area.noun.rule"}
	for command, want := range map[string]string{
		"go test ./suites/mapdefs -run TestMapDefs/area.noun":  "no test of ./suites/mapdefs matches TestMapDefs",
		"go test ./suites/all -run 'TestReferenceLoader/noun'": "no spec is named noun",
		"go test ./suites/all -run TestReferenceLoader/area":   "",
		"go test ./suites/nothing":                             "no package ./suites/nothing",
		"go generate ./record":                                 "nothing to generate in ./record",
		"go doc ./record":                                      "",
		"make matrix nothing":                                  "no target nothing",
	} {
		if got := wrong(t, strings.Fields(command), specs); got != want {
			t.Errorf("%s: got %q, want %q", command, got, want)
		}
	}
}

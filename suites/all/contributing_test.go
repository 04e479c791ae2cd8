// SPDX-License-Identifier: Apache-2.0

package all_test

import (
	"encoding/json"
	"errors"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root leads from here to the module's folder.
const root = "../.."

// contributing returns the text that tells people how to add to the project.
func contributing(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// indented finds the lines of blocks of code.
var indented = regexp.MustCompile(`(?m)(?:^(?: {4}.*)?\n)+`)

// blocks returns the blocks of code of a text, without their indent.
func blocks(text string) []string {
	var all []string
	for _, block := range indented.FindAllString(text, -1) {
		lines := strings.Split(strings.Trim(block, "\n"), "\n")
		indent := len(lines[0]) - len(strings.TrimLeft(lines[0], " "))
		for i, line := range lines {
			lines[i] = line[min(indent, len(line)):]
		}
		if indent > 0 {
			all = append(all, strings.Join(lines, "\n")+"\n")
		}
	}
	return all
}

// example returns what the text's example has in a file, which the first line of its block names.
func example(t *testing.T, text, file string) string {
	t.Helper()
	for _, block := range blocks(text) {
		first, rest, _ := strings.Cut(block, "\n")
		if strings.TrimLeft(first, "/# ") == file {
			return strings.TrimLeft(rest, "\n")
		}
	}
	t.Fatalf("CONTRIBUTING.md has no example of %s", file)
	return ""
}

// The three places that a suite touches, in the example.
const (
	exampleRequirements = "requirements/sharing.yaml"
	exampleSpecs        = "suites/sharing/use.go"
	exampleList         = "suites/all/all.go"
)

// suiteOf returns the files of the example as they are in the module with it.
func suiteOf(t *testing.T, text string) map[string]string {
	t.Helper()
	list, err := os.ReadFile("all.go")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(list), "import (\n")
	suites, after, ended := strings.Cut(rest, ")\n")
	if !found || !ended {
		t.Fatal("suites/all/all.go has no list")
	}
	lines := slices.Sorted(strings.Lines(suites + "\t" + example(t, text, exampleList)))
	return map[string]string{
		exampleRequirements: example(t, text, exampleRequirements),
		exampleSpecs:        example(t, text, exampleSpecs),
		exampleList:         before + "import (\n" + strings.Join(lines, "") + ")\n" + after,
	}
}

// testWith runs a command that tests packages, go test and its arguments, as if the module had
// those files.
func testWith(
	t *testing.T, files map[string]string, command ...string,
) (output string, passed bool) {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	for name, text := range files {
		path, err := filepath.Abs(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		replace[path] = filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		if err := os.WriteFile(replace[path], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	// vet runs in the folder of each package, and that of the example is not there.
	cmd := exec.Command(command[0], slices.Insert(command[1:], 1, "-count=1", "-v", "-vet=off", "-overlay="+filepath.Join(dir, "overlay.json"))...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), err == nil
}

// A reader who follows the text gets a suite that runs: its example is written into the module, and
// the commands that it gives are run.
func TestContributingAddsASuite(t *testing.T) {
	text := contributing(t)
	suite := suiteOf(t, text)
	for _, file := range []string{exampleSpecs, exampleList} {
		if formatted, err := format.Source([]byte(suite[file])); err != nil ||
			string(formatted) != suite[file] {
			t.Errorf("%s is not as gofmt writes it: %v", file, err)
		}
	}
	try := regexp.MustCompile(`(?m)^    (go test \./suites/all -run .*)$`).FindStringSubmatch(text)
	if try == nil {
		t.Fatal("CONTRIBUTING.md says nowhere how a spec is tried")
	}
	const checks = "go test ./suites/all -run TestCatalogue"
	for _, tc := range []struct {
		name    string
		without string // file
		command string
		passes  bool
		says    string
	}{
		{"the spec runs", "", try[1], true, "--- PASS: TestReferenceLoader/sharing.one-map"},
		{"its id is not committed yet", "", checks, false, "'go generate ./suites/all' writes it anew"},
		{"without its requirement", exampleRequirements, checks, false, "spec sharing.one-map has no requirement"},
		{"without its specs", exampleSpecs, checks, false, "suites/sharing"},
		{"without its line in the list", exampleList, checks, false, "requirements/sharing.yaml has no spec: suites/all links in no suite of that area"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			files := map[string]string{}
			for name, text := range suite {
				if name != tc.without {
					files[name] = text
				}
			}
			output, passed := testWith(t, files, strings.Fields(tc.command)...)
			if passed != tc.passes || !strings.Contains(output, tc.says) {
				t.Errorf("passes: %t, want %t and %q:\n%s", passed, tc.passes, tc.says, output)
			}
		})
	}
}

// The text names files that exist, but for those of its example and of a reader's own.
func TestContributingNamesFilesThatAreThere(t *testing.T) {
	text := contributing(t)
	named := regexp.MustCompile("`((?:[a-z0-9_-]+/)+[a-zA-Z0-9_.-]*)`").FindAllStringSubmatch(text, -1)
	if len(named) < 20 {
		t.Fatalf("only %d files are found in the text", len(named))
	}
	for _, match := range named {
		path := match[1]
		if strings.Contains(path, "AREA") || strings.Contains(path, "NAME") {
			continue
		}
		if _, err := os.Stat(filepath.Join(root, path)); err != nil {
			t.Errorf("CONTRIBUTING.md names %s: %v", path, err)
		}
	}
}

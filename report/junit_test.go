// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// element holds what Jenkins' junit-10.xsd (org.jenkinsci.plugins.xunit.types.model) says of an
// element that we write.
type element struct {
	required, optional []string // attributes
	children           []string
	text               bool
}

var junitSchema = map[string]element{
	"testsuites": {optional: []string{"name", "time", "tests", "failures", "errors"}, children: []string{"testsuite"}},
	"testsuite": {
		required: []string{"name", "tests", "failures", "errors"},
		optional: []string{"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
		children: []string{"testsuite", "properties", "testcase", "system-out", "system-err"},
	},
	"properties": {children: []string{"property"}},
	"property":   {required: []string{"name", "value"}},
	"testcase":   {required: []string{"name"}, optional: []string{"time", "classname", "group"}, children: []string{"skipped", "error", "failure", "system-out", "system-err"}},
	"skipped":    {optional: []string{"type", "message"}, text: true},
	"error":      {optional: []string{"type", "message"}, text: true},
	"failure":    {optional: []string{"type", "message"}, text: true},
	"system-out": {text: true},
}

var surefireTime = regexp.MustCompile(`^(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?$`)

// validate holds a document to junitSchema.
func validate(document []byte) error {
	d := xml.NewDecoder(bytes.NewReader(document))
	stack := []string{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch x := token.(type) {
		case xml.StartElement:
			name := x.Name.Local
			if len(stack) == 0 && name != "testsuites" || len(stack) > 0 && !slices.Contains(junitSchema[stack[len(stack)-1]].children, name) {
				return fmt.Errorf("<%s> in %v", name, stack)
			}
			if err := validateAttributes(x); err != nil {
				return err
			}
			stack = append(stack, name)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 0 && !junitSchema[stack[len(stack)-1]].text && len(bytes.TrimSpace(x)) > 0 {
				return fmt.Errorf("text in %v: %q", stack, x)
			}
		}
	}
}

func validateAttributes(x xml.StartElement) error {
	e := junitSchema[x.Name.Local]
	seen := map[string]string{}
	for _, a := range x.Attr {
		if !slices.Contains(e.required, a.Name.Local) && !slices.Contains(e.optional, a.Name.Local) {
			return fmt.Errorf("<%s %s>", x.Name.Local, a.Name.Local)
		}
		seen[a.Name.Local] = a.Value
	}
	for _, name := range e.required {
		if _, ok := seen[name]; !ok {
			return fmt.Errorf("<%s> without %s", x.Name.Local, name)
		}
	}
	if time, ok := seen["time"]; ok && !surefireTime.MatchString(time) {
		return fmt.Errorf("<%s time=%q>", x.Name.Local, time)
	}
	return nil
}

func TestJUnit(t *testing.T) {
	for _, name := range []string{"full", "torn", "clean", "stale", "unproved"} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := writeJUnit(&b, fixture(t, name+".jsonl")); err != nil {
				t.Fatal(err)
			}
			golden(t, name+".junit.xml", b.Bytes())
			if err := validate(b.Bytes()); err != nil {
				t.Errorf("not what Jenkins reads: %v", err)
			}
		})
	}
}

// TestJUnitCountsAddUp compares each count with the elements it counts, and the whole with the
// verdicts.
func TestJUnitCountsAddUp(t *testing.T) {
	f := fixture(t, "full.jsonl")
	var b bytes.Buffer
	if err := writeJUnit(&b, f); err != nil {
		t.Fatal(err)
	}
	var all junitSuites
	if err := xml.Unmarshal(b.Bytes(), &all); err != nil {
		t.Fatal(err)
	}
	total := map[string]int{}
	for _, s := range all.Suites {
		got := map[string]int{}
		for _, c := range s.Cases {
			switch {
			case c.Failure != nil:
				got["failures"]++
			case c.Error != nil:
				got["errors"]++
			case c.Skipped != nil:
				got["skipped"]++
			}
		}
		if s.Tests != len(s.Cases) || s.Failures != got["failures"] || s.Errors != got["errors"] || s.Skipped != got["skipped"] {
			t.Errorf("%s: says %d tests, %d failures, %d errors, %d skipped; has %d, %v", s.Name, s.Tests, s.Failures, s.Errors, s.Skipped, len(s.Cases), got)
		}
		total["tests"] += s.Tests
		total["failures"] += s.Failures
		total["errors"] += s.Errors
	}
	want := map[string]int{"tests": len(f.Verdicts)}
	for _, v := range f.Verdicts {
		switch {
		case v.Unknown() || v.Kind == "crash":
			want["errors"]++
		case v.Fails():
			want["failures"]++
		}
	}
	for name, n := range want {
		if total[name] != n {
			t.Errorf("%d %s, want %d", total[name], name, n)
		}
	}
	if all.Tests != total["tests"] || all.Failures != total["failures"] || all.Errors != total["errors"] {
		t.Errorf("the whole says %d, %d, %d; the parts %v", all.Tests, all.Failures, all.Errors, total)
	}
	if n, err := strconv.ParseFloat(all.Time, 64); err != nil || n <= 0 {
		t.Errorf("time %q", all.Time)
	}
}

// TestJUnitHasACaseForEachPlannedSpec ends a run after ever more verdicts, down to none: what never
// ran is an error under its own name.
func TestJUnitHasACaseForEachPlannedSpec(t *testing.T) {
	run, vs := fixtureFile()
	run.Specs = make(map[string][]string)
	for _, v := range vs[:len(fixtureSpecs)] {
		run.Specs[v.Suite] = append(run.Specs[v.Suite], v.Spec)
	}
	for _, p := range run.Plan {
		run.Planned += p.Specs
	}
	want := make(map[[2]string]bool)
	for _, v := range vs {
		want[[2]string{className(v.LoaderName(), v.Cell.Kernel, v.Suite), v.Spec}] = true
	}
	for _, n := range []int{0, 1, 37, 100, len(vs)} {
		var b bytes.Buffer
		if err := writeJUnit(&b, &verdict.File{Run: run, Verdicts: vs[:n]}); err != nil {
			t.Fatal(err)
		}
		var all junitSuites
		if err := xml.Unmarshal(b.Bytes(), &all); err != nil {
			t.Fatal(err)
		}
		cases, neverRan := make(map[[2]string]bool), 0
		for _, s := range all.Suites {
			for _, c := range s.Cases {
				cases[[2]string{c.ClassName, c.Name}] = true
				if c.Error != nil && c.Error.Type == "missing" && c.Error.Message == "not in the run file: the run ended before it" {
					neverRan++
				}
			}
		}
		if diff := cmp.Diff(want, cases); diff != "" || all.Tests != len(vs) {
			t.Errorf("%d verdicts, %d tests (-planned +cases):\n%s", n, all.Tests, diff)
		}
		if neverRan != len(vs)-n {
			t.Errorf("%d verdicts: %d specs are said not to have run, want %d", n, neverRan, len(vs)-n)
		}
	}
}

// A file of an older loadstone that does not name what was planned says how much is missing.
func TestJUnitOfARunThatDoesNotNameItsSpecs(t *testing.T) {
	run, vs := fixtureFile()
	for _, p := range run.Plan {
		run.Planned += p.Specs
	}
	var b bytes.Buffer
	if err := writeJUnit(&b, &verdict.File{Run: run, Verdicts: vs[:1]}); err != nil {
		t.Fatal(err)
	}
	if want := `message="11 of 12 verdicts are not in the file, which does not name their specs`; !strings.Contains(b.String(), want) {
		t.Errorf("%q is not in %s", want, b.String())
	}
}

func TestNamesOfTestsAreTheirOwn(t *testing.T) {
	var b bytes.Buffer
	if err := writeJUnit(&b, fixture(t, "full.jsonl")); err != nil {
		t.Fatal(err)
	}
	var all junitSuites
	if err := xml.Unmarshal(b.Bytes(), &all); err != nil {
		t.Fatal(err)
	}
	seen := map[[2]string]bool{}
	for _, s := range all.Suites {
		for _, c := range s.Cases {
			if name := [2]string{c.ClassName, c.Name}; seen[name] {
				t.Errorf("two tests are called %v", name)
			} else {
				seen[name] = true
			}
		}
	}
}

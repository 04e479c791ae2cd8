// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// widest gives how many specs one entry may match. A wider one would swallow failures that no one
// has looked at.
const widest = 20

// Expectation describes what an entry of an expectations file said of a verdict, for its readers.
type Expectation struct {
	Expect string `json:"expect"` // "fail", "flaky" or "crash"
	Issue  string `json:"issue"`
	Owner  string `json:"owner,omitempty"`
	Until  string `json:"until,omitempty"` // a day
	Entry  string `json:"entry,omitempty"` // file:line
}

// Expectations holds failures that are known, as files list them:
//
//	# known.yaml
//	- match: mapdefs.numa.*             # glob over spec ids: * matches dots too
//	  when: {loader: "libbpf@<1.1", kernel: "<6.1", feature: numa, arch: amd64} # any of them
//	  expect: fail                      # fail, flaky, crash or do-not-run
//	  class: accepted                   # of the failure; may be left out
//	  reason: 'class not-supported'     # regular expression for the failure's text
//	  issue: https://example.org/issues/7
//	  owner: net-team                   # may be left out
//	  until: 2027-03-31                 # may be left out; past it an error
//	  fixed-in: {loader: "1.8"}         # or kernel; from it on the entry excuses nothing
//
// Specs with an entry run like all others, but for those of do-not-run, as the run's isolation
// says: when a guest that several specs share dies, the specs after the one that killed it get
// another. The first entry that matches a spec and cell counts.
type Expectations struct {
	entries []*entry
}

// An entry of an expectations file.
type entry struct {
	Match   glob       `yaml:"match"`
	When    when       `yaml:"when"`
	Expect  string     `yaml:"expect"`
	Class   Class      `yaml:"class"`
	Reason  expression `yaml:"reason"`
	Issue   string     `yaml:"issue"`
	Owner   string     `yaml:"owner"`
	Until   day        `yaml:"until"`
	FixedIn fixedIn    `yaml:"fixed-in"`

	file string // "" for none
	line int    // in the file, counted from 1
}

// at returns where the entry stands: "known.yaml:12".
func (x *entry) at() string {
	if x.file == "" {
		return fmt.Sprintf("line %d", x.line)
	}
	return fmt.Sprintf("%s:%d", x.file, x.line)
}

// What an entry can expect.
const (
	expectFail  = "fail"
	expectFlaky = "flaky"
	expectCrash = "crash"
	doNotRun    = "do-not-run"
)

// An ExpectationError reports what is wrong with an expectations file: its user has to mend it
// before anything runs.
type ExpectationError struct{ Err error }

func (e *ExpectationError) Error() string { return "expectations: " + e.Err.Error() }
func (e *ExpectationError) Unwrap() error { return e.Err }
func (e *ExpectationError) ExitCode() int { return ExitUsage }

// ReadExpectations reads expectations files. A folder stands for the files in it that end in .yaml.
// It returns an [*ExpectationError] with everything that is wrong.
func ReadExpectations(paths ...string) (*Expectations, error) {
	all := new(Expectations)
	var errs []error
	for _, path := range paths {
		files, err := yamlFiles(path)
		if err != nil {
			return nil, &ExpectationError{err}
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				return nil, &ExpectationError{err}
			}
			entries, err := parseEntries(file, data)
			errs = append(errs, err)
			all.entries = append(all.entries, entries...)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, &ExpectationError{err}
	}
	return all, nil
}

// yamlFiles returns the files that a path stands for, sorted.
func yamlFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}, err
	}
	files, err := filepath.Glob(filepath.Join(path, "*.yaml"))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: no file in it ends in .yaml", path)
	}
	return files, err
}

// ParseExpectations reads an expectations file. It returns an [*ExpectationError] with everything
// that is wrong; an unknown key is.
func ParseExpectations(data []byte) (*Expectations, error) {
	entries, err := parseEntries("", data)
	if err != nil {
		return nil, &ExpectationError{err}
	}
	return &Expectations{entries}, nil
}

// parseEntries reads the entries of a file, "" for one without a name.
func parseEntries(file string, data []byte) ([]*entry, error) {
	named := func(err error) error {
		if file == "" {
			return err
		}
		return fmt.Errorf("%s: %w", file, err)
	}
	var lines []yaml.Node
	if err := yaml.Unmarshal(data, &lines); err != nil {
		return nil, named(err)
	}
	var entries []*entry
	if err := decodeStrictly(data, &entries); err != nil {
		return nil, named(err)
	}
	var errs []error
	for i, x := range entries {
		if x == nil {
			return nil, named(fmt.Errorf("line %d: an empty entry", lines[i].Line))
		}
		x.file, x.line = file, lines[i].Line
		errs = append(errs, x.check())
	}
	return entries, errors.Join(errs...)
}

// check returns what is wrong with an entry by itself.
func (x *entry) check() error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("%s: %s", x.at(), fmt.Sprintf(format, args...))
	}
	if x.Match.text == "" {
		return wrong("match is needed: a glob over spec ids")
	}
	if !slices.Contains([]string{expectFail, expectFlaky, expectCrash, doNotRun}, x.Expect) {
		return wrong("expect is %q; it has to be fail, flaky, crash or do-not-run", x.Expect)
	}
	if x.Class != "" && !slices.Contains(Classes, x.Class) {
		return wrong("class is %q; there are %s", x.Class, classWords())
	}
	if x.Class != "" && (x.Expect == doNotRun || x.Expect == expectCrash) {
		return wrong("class says how a spec fails, which does not go with %s", x.Expect)
	}
	if strings.TrimSpace(x.Issue) == "" {
		return wrong("issue is needed: a link to where the failure is reported")
	}
	if _, err := x.When.Kernel.bounds(); err != nil {
		return wrong("when kernel: %v", err)
	}
	if err := x.FixedIn.check(); err != nil {
		return wrong("fixed-in: %v", err)
	}
	return nil
}

// Check holds the entries against every spec id that there is, and against the day. It returns an
// [*ExpectationError] that names each entry that matches no spec, or more than 20, or is past its
// until.
func (e *Expectations) Check(catalogue []string, now time.Time) error {
	if e == nil {
		return nil
	}
	var errs []error
	for _, x := range e.entries {
		n := 0
		for _, spec := range catalogue {
			if x.Match.matches(spec) {
				n++
			}
		}
		switch {
		case n == 0:
			errs = append(errs,
				fmt.Errorf("%s: %q matches no spec; take the entry out", x.at(), x.Match.text))
		case n > widest:
			errs = append(errs,
				fmt.Errorf("%s: %q matches %d specs, at most %d are allowed; write narrower entries", x.at(), x.Match.text, n, widest))
		}
		if x.Until.past(now) {
			errs = append(errs,
				fmt.Errorf("%s: %q expired on %s (owner %s, %s); mend it or renew it",
					x.at(), x.Match.text, x.Until.Format(time.DateOnly), cmp.Or(x.Owner, "nobody"), x.Issue))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return &ExpectationError{err}
	}
	return nil
}

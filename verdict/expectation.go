// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"regexp"
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
}

// Expectations holds failures that are known, as a file lists them:
//
//	# known.yaml
//	- match: mapdefs.numa.*                        # glob over spec ids: * matches dots too
//	  when: {loader: "libbpf@<1.1", kernel: "<6.1"} # both may be left out
//	  expect: fail                                 # fail, flaky or crash
//	  reason: 'class not-supported'                # regular expression for the failure's text
//	  issue: https://example.org/issues/7
//	  owner: net-team                              # may be left out
//	  until: 2027-03-31                            # may be left out; past it an error
//
// Specs with an entry run like all others, as the run's isolation says: when a guest that several
// specs share dies, the specs after the one that killed it get another. The first entry that
// matches a spec and cell counts.
type Expectations struct {
	entries []*entry
}

// An entry of an expectations file.
type entry struct {
	Match  glob       `yaml:"match"`
	When   when       `yaml:"when"`
	Expect string     `yaml:"expect"`
	Reason expression `yaml:"reason"`
	Issue  string     `yaml:"issue"`
	Owner  string     `yaml:"owner"`
	Until  day        `yaml:"until"`

	line int // in the file, counted from 1
}

// when matches the cells that an entry is about.
type when struct {
	Loader loaders `yaml:"loader"`
	Kernel Range   `yaml:"kernel"`
}

// What an entry can expect.
const (
	expectFail  = "fail"
	expectFlaky = "flaky"
	expectCrash = "crash"
)

// An ExpectationError reports what is wrong with an expectations file: its user has to mend it
// before anything runs.
type ExpectationError struct{ Err error }

func (e *ExpectationError) Error() string { return "expectations: " + e.Err.Error() }
func (e *ExpectationError) Unwrap() error { return e.Err }
func (e *ExpectationError) ExitCode() int { return ExitUsage }

// ReadExpectations reads the expectations file at path. It returns an [*ExpectationError] with
// everything that is wrong.
func ReadExpectations(path string) (*Expectations, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, &ExpectationError{err}
	}
	e, err := ParseExpectations(data)
	if err != nil {
		return nil, &ExpectationError{fmt.Errorf("%s: %w", path, errors.Unwrap(err))}
	}
	return e, nil
}

// ParseExpectations reads an expectations file. It returns an [*ExpectationError] with everything
// that is wrong; an unknown key is.
func ParseExpectations(data []byte) (*Expectations, error) {
	var lines []yaml.Node
	if err := yaml.Unmarshal(data, &lines); err != nil {
		return nil, &ExpectationError{err}
	}
	var e Expectations
	if err := decodeStrictly(data, &e.entries); err != nil {
		return nil, &ExpectationError{err}
	}
	var errs []error
	for i, x := range e.entries {
		if x == nil {
			return nil, &ExpectationError{fmt.Errorf("line %d: an empty entry", lines[i].Line)}
		}
		x.line = lines[i].Line
		errs = append(errs, x.check())
	}
	if err := errors.Join(errs...); err != nil {
		return nil, &ExpectationError{err}
	}
	return &e, nil
}

// check returns what is wrong with an entry by itself.
func (x *entry) check() error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("line %d: %s", x.line, fmt.Sprintf(format, args...))
	}
	if x.Match.text == "" {
		return wrong("match is needed: a glob over spec ids")
	}
	if x.Expect != expectFail && x.Expect != expectFlaky && x.Expect != expectCrash {
		return wrong("expect is %q; it has to be fail, flaky or crash", x.Expect)
	}
	if strings.TrimSpace(x.Issue) == "" {
		return wrong("issue is needed: a link to where the failure is reported")
	}
	if _, err := x.When.Kernel.bounds(); err != nil {
		return wrong("when kernel: %v", err)
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
				fmt.Errorf("line %d: %q matches no spec; take the entry out", x.line, x.Match.text))
		case n > widest:
			errs = append(errs,
				fmt.Errorf("line %d: %q matches %d specs, at most %d are allowed; write narrower entries", x.line, x.Match.text, n, widest))
		}
		if x.Until.past(now) {
			errs = append(errs,
				fmt.Errorf("line %d: %q expired on %s (owner %s, %s); mend it or renew it",
					x.line, x.Match.text, x.Until.Format(time.DateOnly), cmp.Or(x.Owner, "nobody"), x.Issue))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return &ExpectationError{err}
	}
	return nil
}

// Apply returns the verdict in the light of the expectations: what fails as expected is an xfail,
// what no longer does is an xpass, what is known to be flaky is flaky. A spec that broke, is
// missing or was skipped stays what it is: how it would have ended is unknown. A kernel splat is
// only expected by an entry whose reason says so.
func (e *Expectations) Apply(v Verdict) Verdict {
	x := e.entry(v)
	if x == nil {
		return v
	}
	switch {
	case v.Kind == Fail && x.Expect != expectCrash, v.Kind == Crash && x.Expect == expectCrash:
		if why := x.differs(v); why != "" {
			v.Reason += fmt.Sprintf(" (expected to %s, but %s: %s)", x.Expect, why, x.Issue)
			return v
		}
		if x.Expect == expectFlaky {
			return x.mark(v, Flaky, "failed this time: "+v.Reason)
		}
		return x.mark(v, XFail, v.Reason)
	case v.Kind == Pass && x.Expect == expectFlaky:
		return x.mark(v, Flaky, "passed this time")
	case v.Kind == Pass, v.Kind == Refused && x.Expect != expectFlaky:
		return x.mark(v, XPass,
			fmt.Sprintf("expected to %s, and it is %q; take the entry out: %s", x.Expect, v.Kind, x.Issue))
	}
	return v
}

// Unused returns the entries that applied to no verdict, each in a sentence: they match no spec and
// cell that ran, or only ones that were skipped. It means something after a run of everything only.
func (e *Expectations) Unused(verdicts []Verdict) []string {
	if e == nil {
		return nil
	}
	used := make(map[*entry]bool)
	for _, v := range verdicts {
		if v.Kind != Skip {
			used[e.entry(v)] = true
		}
	}
	var unused []string
	for _, x := range e.entries {
		if !used[x] {
			unused = append(unused,
				fmt.Sprintf("expectations, line %d: %q came up in no cell; take it out (%s)", x.line, x.Match.text, x.Issue))
		}
	}
	return unused
}

// entry returns the first entry about the spec and cell of v, or nil.
func (e *Expectations) entry(v Verdict) *entry {
	if e == nil {
		return nil
	}
	for _, x := range e.entries {
		if x.Match.matches(v.Spec) && x.When.Loader.holds(v.Cell) &&
			x.When.Kernel.Holds(cmp.Or(v.KernelRelease, v.Cell.Kernel)) {
			return x
		}
	}
	return nil
}

// differs says how a failure is not the one that is expected.
func (x *entry) differs(v Verdict) string {
	switch {
	case v.Kind == Fail && len(v.Splats) > 0:
		if !x.expectsSplats(v) {
			return "not with a kernel splat"
		}
	case x.Reason.Regexp == nil:
	case !x.Reason.MatchString(strings.Join([]string{v.Reason, v.Expected, v.Seen, v.Detail}, "\n")):
		return "otherwise"
	}
	return ""
}

// expectsSplats reports whether the entry's reason says each splat of a failure. What the spec
// itself says does not count: it may fail as expected beside a splat that nothing expects. A taint
// says no more than the splat that left it.
func (x *entry) expectsSplats(v Verdict) bool {
	if x.Reason.Regexp == nil || !x.Reason.MatchString(v.Reason) {
		return false
	}
	return !slices.ContainsFunc(v.Splats, func(s Splat) bool {
		return s.ID != taintID && !x.Reason.MatchString(splatReason(s))
	})
}

func (x *entry) mark(v Verdict, k Kind, reason string) Verdict {
	v.Kind, v.Reason = k, reason
	v.Expectation = &Expectation{Expect: x.Expect, Issue: x.Issue, Owner: x.Owner}
	if !x.Until.IsZero() {
		v.Expectation.Until = x.Until.Format(time.DateOnly)
	}
	if v.Again == "" {
		v.Again = Again(v.Cell, v.Spec)
	}
	return v
}

// A glob matches spec ids.
type glob struct {
	text string
	re   *regexp.Regexp
}

func (g *glob) UnmarshalYAML(n *yaml.Node) error {
	quoted := regexp.QuoteMeta(n.Value)
	quoted = strings.ReplaceAll(strings.ReplaceAll(quoted, `\*`, `.*`), `\?`, `.`)
	re, err := regexp.Compile(`^(?:` + quoted + `)$`)
	if err != nil {
		return fmt.Errorf("line %d: %w", n.Line, err)
	}
	g.text, g.re = n.Value, re
	return nil
}

func (g glob) matches(spec string) bool { return g.re.MatchString(spec) }

// An expression matches a regular expression that matches anywhere.
type expression struct{ *regexp.Regexp }

func (x *expression) UnmarshalYAML(n *yaml.Node) error {
	re, err := regexp.Compile(n.Value)
	if err != nil {
		return fmt.Errorf("line %d: %w", n.Line, err)
	}
	if re.MatchString("") {
		return fmt.Errorf("line %d: reason %q matches every failure", n.Line, n.Value)
	}
	x.Regexp = re
	return nil
}

// loaders matches the loaders that an entry is about: a name, and after an @ a version or a range
// of them.
type loaders struct {
	name     string
	versions string
}

func (l *loaders) UnmarshalYAML(n *yaml.Node) error {
	name, versions, versioned := strings.Cut(n.Value, "@")
	if name == "" || versioned && versions == "" {
		return fmt.Errorf("line %d: loader %q; write libbpf, libbpf@1.1 or libbpf@<1.1", n.Line,
			n.Value)
	}
	if strings.ContainsAny(versions, "<>=,") {
		if _, err := Range(versions).bounds(); err != nil {
			return fmt.Errorf("line %d: loader: %w", n.Line, err)
		}
	}
	l.name, l.versions = name, versions
	return nil
}

func (l loaders) holds(c Cell) bool {
	if l.name == "" {
		return true
	}
	return l.name == c.Loader &&
		(l.versions == c.LoaderVersion || Range(l.versions).Holds(c.LoaderVersion))
}

// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// The elements and attributes are those of Jenkins' junit-10.xsd, which most readers of JUnit XML
// accept.

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr,omitempty"`
	Properties []junitProperty `xml:"properties>property,omitempty"`
	Cases      []junitCase     `xml:"testcase"`

	ms int64
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	ClassName string        `xml:"classname,attr"`
	Time      string        `xml:"time,attr"`
	Skipped   *junitOutcome `xml:"skipped"`
	Error     *junitOutcome `xml:"error"`
	Failure   *junitOutcome `xml:"failure"`
	Output    string        `xml:"system-out,omitempty"`
}

type junitOutcome struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// writeJUnit writes the run as JUnit XML: a testsuite for each cell, a testcase for each spec. What
// ends a run with exit code 1 is a failure, except crashes; those, and verdicts that say nothing
// about the loader, are errors. Everything else that is not a pass is skipped, with its reason.
// Planned specs that the file has no verdict on are errors too, a testcase each, and a cell without
// a pass is a failure.
func writeJUnit(w io.Writer, f *verdict.File) error {
	cells, planned := newJUnitCells(f), asPlanned(f)
	for _, v := range sorted(planned) {
		cells.add(v.LoaderName(), v.Cell.Kernel, junitVerdict(v), v.DurationMS)
	}
	for _, g := range gaps(planned) {
		text := fmt.Sprintf("%d of %d verdicts are not in the file, which does not name their specs:"+
			" the run ended before them", g.Missing, g.Specs)
		cells.add(g.Loader, g.Kernel, junitCase{
			Name: "every planned verdict", Time: seconds(0),
			ClassName: className(g.Loader, g.Kernel, g.Suite),
			Error:     &junitOutcome{Message: text, Type: string(verdict.Missing)},
		}, 0)
	}
	for _, u := range f.Unproved() {
		cells.add(u.Loader, u.Kernel, junitCase{
			Name: "any spec passes", Time: seconds(0),
			ClassName: className(u.Loader, u.Kernel, "run"),
			Failure:   &junitOutcome{Message: unproved(u), Type: "unproved"},
		}, 0)
	}
	out := cells.all(f)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(out); err != nil {
		return fmt.Errorf("junit: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// junitCells collects the testsuites of a run, one for each cell.
type junitCells struct {
	order  []string
	suites map[string]*junitSuite
}

func newJUnitCells(f *verdict.File) *junitCells {
	c := &junitCells{suites: make(map[string]*junitSuite)}
	releases := make(map[string]string)
	for _, k := range f.Run.Kernels {
		releases[k.Name] = k.Release
	}
	m := f.Matrix()
	for _, loader := range m.Loaders {
		for _, kernel := range m.Kernels {
			name := cellName(loader, kernel)
			c.order = append(c.order, name)
			c.suites[name] = &junitSuite{
				Name: printable(name), Timestamp: f.Run.Started.UTC().Format("2006-01-02T15:04:05"),
				Properties: []junitProperty{
					{"run", printable(f.Run.ID)}, {"loadstone", printable(f.Run.Loadstone.Version)},
					{"loader", printable(loader)},
					{"kernel", printable(kernel)}, {"kernel_release", printable(releases[kernel])},
					{"isolation", printable(f.Run.Isolation)}, {"seed", fmt.Sprint(f.Run.Seed)},
				},
			}
		}
	}
	return c
}

func (c *junitCells) add(loader, kernel string, tc junitCase, ms int64) {
	s := c.suites[cellName(loader, kernel)]
	s.Cases = append(s.Cases, tc)
	s.ms += ms
	s.Tests++
	switch {
	case tc.Skipped != nil:
		s.Skipped++
	case tc.Error != nil:
		s.Errors++
	case tc.Failure != nil:
		s.Failures++
	}
}

// all returns the testsuites that have tests, and one for the problems of the run, if it has any.
func (c *junitCells) all(f *verdict.File) junitSuites {
	out := junitSuites{Name: "loadstone"}
	for _, name := range c.order {
		if s := c.suites[name]; s.Tests > 0 {
			out.Suites = append(out.Suites, *s)
		}
	}
	if problems := f.Problems(); len(problems) > 0 {
		s := junitSuite{Name: "run"}
		for i, p := range problems {
			s.Cases = append(s.Cases, junitCase{
				Name: fmt.Sprintf("problem %d", i+1), ClassName: "run", Time: seconds(0),
				Failure: &junitOutcome{Message: printable(p), Type: "problem"},
			})
		}
		s.Tests, s.Failures = len(problems), len(problems)
		out.Suites = append(out.Suites, s)
	}
	var ms int64
	for i := range out.Suites {
		s := &out.Suites[i]
		s.Time = seconds(s.ms)
		ms += s.ms
		out.Tests += s.Tests
		out.Failures += s.Failures
		out.Errors += s.Errors
	}
	out.Time = seconds(ms)
	return out
}

// junitVerdict returns a verdict as a testcase.
func junitVerdict(v verdict.Verdict) junitCase {
	tc := junitCase{
		Name: printable(v.Spec), Time: seconds(v.DurationMS),
		ClassName: className(v.LoaderName(), v.Cell.Kernel, v.Suite),
	}
	if v.Differs() {
		tc.Output = printable("in a guest that others had used: " + among(v))
	}
	o := &junitOutcome{Message: printable(v.Reason), Type: string(v.Kind)}
	switch {
	case v.FailsAmongOthers():
		o.Message, o.Text = tc.Output, printable(story(v))
		tc.Failure = o
	case v.Kind == verdict.Pass:
	case v.Advisory():
		o.Message = "should, not met: " + o.Message
		o.Text = printable(story(v))
		tc.Skipped = o
	case v.Unknown(), v.Kind == verdict.Crash:
		o.Text = printable(story(v))
		tc.Error = o
	case v.Fails():
		o.Text = printable(story(v))
		tc.Failure = o
	default:
		if e := v.Expectation; e != nil {
			o.Message = printable(fmt.Sprintf("%s (%s)", v.Reason, e.Issue))
		}
		tc.Skipped = o
	}
	return tc
}

// story returns everything that is known of a verdict, as text.
func story(v verdict.Verdict) string {
	var b strings.Builder
	field := func(name, text string) {
		if text = strings.TrimRight(text, "\n"); text != "" {
			if !strings.HasPrefix(text, "\n") {
				text = " " + text
			}
			fmt.Fprintf(&b, "%s:%s\n", name, strings.ReplaceAll(text, "\n", "\n  "))
		}
	}
	lines := func(name string, ls []string) {
		if len(ls) > 0 {
			field(name, "\n"+strings.Join(ls, "\n"))
		}
	}
	for _, s := range v.Sentence {
		field(string(v.Level), s)
	}
	field("expected", v.Expected)
	field("seen", v.Seen)
	if !strings.HasPrefix(v.Seen, v.Reason) {
		field("reason", v.Reason)
	}
	field("detail", v.Detail)
	for _, s := range v.Splats {
		lines("kernel log", s.Lines)
	}
	lines("conversation", v.Conversation)
	lines("console", v.Console)
	field("backtrace", v.Backtrace)
	lines("the kernel may lack", v.Commits)
	lines("source", sourceLines(v.Sources))
	if v.Differs() {
		field("DEPENDS: in a guest that others had used", among(v))
	}
	lines("left in the guest", left(v))
	field("again", v.Again)
	return b.String()
}

func cellName(loader, kernel string) string { return loader + " on " + kernel }

// className returns package and class, which readers split at the last dot; dots of versions are
// replaced.
func className(loader, kernel, suite string) string {
	undot := strings.NewReplacer(".", "_").Replace
	return printable(undot(loader) + "." + undot(kernel) + "." + suite)
}

func seconds(ms int64) string {
	return fmt.Sprintf("%.3f", (time.Duration(ms) * time.Millisecond).Seconds())
}

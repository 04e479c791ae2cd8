// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// What reasons say of a verdict without its expectation.
const (
	failedThisTime = "failed this time: "
	passedThisTime = "passed this time"
	itIs           = "it is %q"
)

// Unexcused returns the kind of a verdict as its spec ended, whatever was expected of it.
func (v Verdict) Unexcused() Kind {
	switch {
	case v.Expectation == nil:
		return v.Kind
	case v.Kind == XFail && v.Expectation.Expect == expectCrash:
		return Crash
	case v.Kind == XFail:
		return Fail
	case v.Kind == XPass && strings.Contains(v.Reason, fmt.Sprintf(itIs, Refused)):
		return Refused
	case v.Kind == XPass, v.Kind == Flaky && v.Reason == passedThisTime:
		return Pass
	case v.Kind == Flaky:
		return Fail
	}
	return v.Kind
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
			v.Reason += fmt.Sprintf(" (expected to %s, but %s: %s, %s)", x.Expect, why, x.at(), x.Issue)
			return v
		}
		if x.Expect == expectFlaky {
			return x.mark(v, Flaky, failedThisTime+v.Reason)
		}
		return x.mark(v, XFail, v.Reason)
	case v.Kind == Pass && x.Expect == expectFlaky:
		return x.mark(v, Flaky, passedThisTime)
	case v.Kind == Pass, v.Kind == Refused && x.Expect != expectFlaky:
		if in := x.FixedIn.in(v.Cell); in != "" {
			return v // as the entry says
		}
		return x.mark(v, XPass, fmt.Sprintf("expected to %s, and "+itIs+"; take the entry out: %s, %s",
			x.Expect, v.Kind, x.at(), x.Issue))
	}
	return v
}

// NotRun returns the verdict on a spec that an entry says not to run: it is skipped, and says for
// which issue.
func (e *Expectations) NotRun(want Expected) (Verdict, bool) {
	v := want.verdict()
	x := e.entry(v)
	if x == nil || x.Expect != doNotRun || x.FixedIn.in(v.Cell) != "" {
		return v, false
	}
	again := x.mark(v, Skip, fmt.Sprintf("not run, as %s says: %s", x.at(), x.Issue))
	return again, true
}

// entry returns the first entry about the spec and cell of v, or nil.
func (e *Expectations) entry(v Verdict) *entry {
	if e == nil {
		return nil
	}
	for _, x := range e.entries {
		if x.matches(v) {
			return x
		}
	}
	return nil
}

func (x *entry) matches(v Verdict) bool { return x.Match.matches(v.Spec) && x.When.holds(v) }

// differs says how a failure is not the one that is expected.
func (x *entry) differs(v Verdict) string {
	if in := x.FixedIn.in(v.Cell); in != "" {
		return "only before " + in
	}
	switch {
	case v.Kind == Fail && len(v.Splats) > 0:
		if !x.expectsSplats(v) {
			return "not with a kernel splat"
		}
	case v.Kind == Fail && x.Class != "" && x.Class != v.Class():
		return fmt.Sprintf("as %s, and this is %s", x.Class, v.Class())
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
	if x.Reason.Regexp == nil || !x.Reason.MatchString(v.Reason) ||
		x.Class != "" && x.Class != ClassSplat {
		return false
	}
	return !slices.ContainsFunc(v.Splats, func(s Splat) bool {
		return s.ID != taintID && !x.Reason.MatchString(splatReason(s))
	})
}

func (x *entry) mark(v Verdict, k Kind, reason string) Verdict {
	v.Kind, v.Reason = k, reason
	v.Expectation = &Expectation{Expect: x.Expect, Issue: x.Issue, Owner: x.Owner, Entry: x.at()}
	if !x.Until.IsZero() {
		v.Expectation.Until = x.Until.Format(time.DateOnly)
	}
	if v.Again == "" {
		v.Again = Again(v.Cell, v.Spec)
	}
	return v
}

// Problems returns what is wrong with the entries in the light of a run, each in a sentence that
// names its line, and that no verdict says: a spec that an entry is about and that was skipped, a
// *should* that was not met in another way than the entry says, an entry behind one that matches
// the same, and one that matched nothing. The last is for what the run asked: an entry about
// another loader, or about a spec that was left out, is let be, unless the run asked everything.
func (e *Expectations) Problems(verdicts []Verdict, everything bool) []string {
	if e == nil {
		return nil
	}
	var problems []string
	counted := make(map[*entry]bool)
	skipped, other := make(map[*entry][]Verdict), make(map[*entry][]Verdict)
	for _, v := range verdicts {
		x := e.entry(v)
		if x == nil {
			continue
		}
		counted[x] = true
		switch {
		case v.Kind == Skip && v.Expectation == nil:
			skipped[x] = append(skipped[x], v)
		case v.Advisory():
			other[x] = append(other[x], v)
		}
	}
	for _, x := range e.entries {
		switch {
		case len(skipped[x]) > 0:
			v := skipped[x][0]
			problems = append(problems, fmt.Sprintf("%s: %s of %s is listed (%s), and was skipped%s (%s); narrow the entry's when, or take it out (%s)",
				x.at(), v.Spec, v.Cell, x.Expect, andMore(skipped[x]), v.Reason, x.Issue))
		case len(other[x]) > 0:
			v := other[x][0]
			problems = append(problems, fmt.Sprintf("%s: %s of %s fails in another way%s: %s",
				x.at(), v.Spec, v.Cell, andMore(other[x]), v.Reason))
		case !counted[x]:
			if text := e.unused(x, verdicts, everything); text != "" {
				problems = append(problems, text)
			}
		}
	}
	return problems
}

func andMore(vs []Verdict) string {
	if len(vs) == 1 {
		return ""
	}
	return fmt.Sprintf(", with %d more", len(vs)-1)
}

// unused says why an entry that counted for no verdict is wrong, "" where it need not be.
func (e *Expectations) unused(x *entry, verdicts []Verdict, everything bool) string {
	asked := false
	for _, v := range verdicts {
		if x.matches(v) {
			return fmt.Sprintf("%s: %q never counts: %s is before it and matches the same; take one out (%s)",
				x.at(), x.Match.text, e.entry(v).at(), x.Issue)
		}
		asked = asked || x.Match.matches(v.Spec) && x.When.holdsIn(v.Cell)
	}
	if !asked && !everything {
		return ""
	}
	what := cmp.Or(strings.Join(x.When.words(), ", "), "any cell")
	return fmt.Sprintf("%s: %q came up in no cell (%s); take it out (%s)", x.at(), x.Match.text, what,
		x.Issue)
}

// words returns the conditions as a file has them.
func (w when) words() []string {
	var words []string
	loader := w.Loader.name
	if w.Loader.versions != "" {
		loader += "@" + w.Loader.versions
	}
	for _, c := range []struct{ key, value string }{
		{"loader", loader}, {"kernel", string(w.Kernel)}, {"feature", w.Feature}, {"arch", w.Arch},
	} {
		if c.value != "" {
			words = append(words, c.key+" "+c.value)
		}
	}
	return words
}

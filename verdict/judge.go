// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/loadstone-bpf/loadstone/record"
)

// Judge makes a verdict of what a clone left behind. It is a pure function: the same evidence gives
// the same verdict.
//
// A clone may have run several specs. What a spec left counts as soon as the guest goes on: a
// Finish is closed by the next Begin, or, for the last spec, by an End that counts right and a
// machine that then powered off. In a guest that is watched, every state before the spec must also
// be clean. How a machine ends is therefore held against the last spec that began, and against no
// other; specs that never began because the machine ended early are [Owed], not judged, as long as
// there is a clone left to try.
func Judge(want Expected, ev Evidence) Verdict {
	v := want.verdict()
	a := readAccount(want.Spec, ev, func(lines []string, tainted uint64) []Splat {
		scanner, err := splatScanner()
		if err != nil {
			return nil // judgeKernelLog says so
		}
		return scanner.on(cmp.Or(v.KernelRelease, v.Kernel), ev.Ended).Find(lines, tainted)
	})
	v.DurationMS = a.duration(ev.Took).Milliseconds()

	v.Kind, v.Reason = a.judge(ev.Ending)
	a.judgeChecked(&v)
	if f := a.finish; f != nil {
		v.Expected, v.Seen, v.Detail = clip(f.Expected, keptText), clip(f.Seen, keptText),
			clip(f.Detail, keptDetail)
		v.UnderClaim = f.UnderClaim
	}
	a.judgeOverrun(&v, ev.Ending)
	a.judgeKernelLog(&v, ev)

	v.Checked = a.checked
	if v.Kind != Pass && v.Kind != Skip {
		v.Conversation = conversation(a.steps)
		if record.BroughtObject(want.Spec) == "" { // which no command names
			v.Again = Again(want.Cell, want.Spec)
		}
	}
	if v.Kind != Pass {
		v.UnderClaim = false // a claim is about what works
	}
	if ev.Watched {
		v.Guest = a.guest()
	}
	if a.last && (ev.Ending.Cause != PoweredOff || v.Unknown()) || !a.begun {
		v.Console = tail(ev.Ending.Console)
		v.Backtrace = clip(ev.Ending.Backtrace, keptDetail)
	}
	return v
}

// verdict returns what is known of a spec before it ran.
func (want Expected) verdict() Verdict {
	v := Verdict{Spec: want.Spec, Suite: want.Suite, Cell: want.Cell, Level: Must}
	if want.Attempt > 1 {
		v.Attempt = want.Attempt
	}
	should := len(want.Requirements) > 0
	for _, r := range want.Requirements {
		should = should && r.Level == Should
		v.Requirement = append(v.Requirement, r.ID)
		v.Sentence = append(v.Sentence, r.Sentence)
		v.Sources = appendNew(v.Sources, r.Sources...)
		v.Profiles = appendNew(v.Profiles, r.Profiles...)
		v.Commits = appendNew(v.Commits, r.Commits...)
	}
	if should {
		v.Level = Should
	}
	return v
}

func appendNew[T comparable](to []T, from ...T) []T {
	var zero T
	for _, s := range from {
		if s != zero && !slices.Contains(to, s) {
			to = append(to, s)
		}
	}
	return to
}

// judge returns the verdict but for the kernel log's contents.
func (a account) judge(e Ending) (Kind, string) {
	closed := !a.last || a.ended && e.Cause == PoweredOff
	switch {
	case a.last && !closed && e.Cause.killed():
		return Crash, e.died(a.finish != nil)
	case !a.begun && len(a.faults) > 0:
		return Broken, "the spec never began, and the guest said what it may not: " + a.faults[0]
	case !a.begun && a.ended && e.Cause == PoweredOff:
		return Missing, "the guest ended without running the spec"
	case !a.begun:
		return Missing, "the spec never began: " + e.String()
	case len(a.faults) > 0:
		return Broken, a.faults[0]
	case a.unfit != "":
		return Broken, a.unfit
	case a.finish == nil && a.last && !closed && !e.Cause.left():
		return Broken, "while the spec ran: " + e.String()
	case a.finish == nil && a.last && e.Cause != PoweredOff:
		return Missing, "while the spec ran: " + e.String()
	case a.finish == nil:
		return Missing, "the spec began, and there is no record of how it finished"
	case a.watched && a.state == nil && closed:
		return Broken, "there is no state of the guest after the spec"
	case a.log == nil:
		return Broken, "there is no record of what the kernel logged"
	case a.unread() != "":
		return Broken, "the kernel log could not be read whole: " + a.unread()
	case !closed && e.Cause == Interrupted:
		return Missing, e.String()
	case !closed && e.Cause == PoweredOff:
		return Broken, "the guest ended without its end record"
	case !closed:
		return Broken, "after the spec: " + e.String()
	}
	return outcome(*a.finish)
}

// judgeChecked breaks the verdict on an object of the user's own where the guest does not say how
// it did: that the spec went well says only that the loader did as it says.
func (a account) judgeChecked(v *Verdict) {
	if record.BroughtObject(v.Spec) == "" || v.Kind != Pass && v.Kind != Refused {
		return
	}
	switch refused := v.Kind == Refused; {
	case a.checked == nil:
		v.Kind, v.Reason = Broken, "the guest does not say how the object did"
	case refused != a.checked.Refused():
		v.Kind, v.Reason = Broken, "the guest says that the object was refused and that it was not"
	}
}

// outcome returns the guest's outcome of a spec in the host's words.
func outcome(f record.Finish) (Kind, string) {
	reason := firstLine(f.Reason)
	switch f.Outcome {
	case record.Passed:
		return Pass, ""
	case record.Failed:
		return Fail, cmp.Or(reason, firstLine(f.Seen), firstLine(f.Detail),
			"the guest does not say why")
	case record.Refused, record.Skipped:
		if reason == "" {
			return Broken, fmt.Sprintf("the spec was %s, and nobody says why", f.Outcome)
		}
		if f.Outcome == record.Refused {
			return Refused, reason
		}
		return Skip, reason
	case record.Panicked:
		return Broken, "the spec itself panicked: " + cmp.Or(reason, firstLine(f.Detail))
	case record.TimedOut:
		return Broken, "the spec did not end within its limit: " + cmp.Or(reason,
			firstLine(f.Detail), "no reason given")
	case record.Broken:
		return Broken, cmp.Or(reason, firstLine(f.Detail), "the guest does not say why")
	}
	return Broken, fmt.Sprintf("the guest says outcome %q, which means nothing", f.Outcome)
}

// judgeOverrun notes the limit that passed, where that decided the verdict, and adds to the reason
// how busy the host was: whether a loader hangs or a host is busy is for the reader to see.
func (a account) judgeOverrun(v *Verdict, e Ending) {
	if a.finish == nil || a.finish.Overran == "" {
		return
	}
	if kind, reason := outcome(*a.finish); kind != v.Kind || reason != v.Reason {
		return
	}
	load := a.load
	if load == (Load{}) {
		load = e.Load
	}
	v.Overrun = &Overrun{
		Of: clip(a.finish.Overran, 100), LimitMS: a.finish.Limit.Milliseconds(), Load: load,
	}
	if a.finish.Overran == "settle" { // the others say it themselves
		v.Reason += fmt.Sprintf("; limit to settle %v", a.finish.Limit)
	}
	v.Reason += "; " + load.String()
}

func (a account) duration(took time.Duration) time.Duration {
	if a.finish != nil && a.finish.Duration > 0 {
		return a.finish.Duration
	}
	return max(0, took)
}

// died says how the kernel ended.
func (e Ending) died(finished bool) string {
	if finished {
		return "after the spec finished: " + e.String()
	}
	return e.String()
}

func (e Ending) String() string {
	cause := string(cmp.Or(e.Cause, "nobody says how the machine ended"))
	if detail := firstLine(e.Detail); detail != "" {
		cause += ": " + detail
	}
	if (e.Cause == KernelHung || e.Cause == GuestHung) && e.Load != (Load{}) {
		cause += "; " + e.Load.String()
	}
	return cause
}

// Owed returns the specs that a clone was told to run and never began, in order, because it ended
// before it came to them: another clone has to run them. A guest that says it is done owes nothing:
// what it left out is missing, unless it says that it is retired. Where nothing at all began, a
// caller that tries again must count, or it tries for ever.
func Owed(ev Evidence) []string {
	begun := make(map[string]bool)
	for _, h := range ev.Heard {
		switch r := h.Record.(type) {
		case record.Begin:
			begun[r.Spec] = true
		case record.End:
			if r.Retired == "" {
				return nil
			}
		}
	}
	var owed []string
	for _, spec := range ev.Ordered {
		if !begun[spec] {
			owed = append(owed, spec)
		}
	}
	return owed
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return clip(strings.TrimSpace(s), 400)
}

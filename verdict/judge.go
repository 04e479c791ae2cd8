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
// be clean. How a machine ends is therefore held against the last spec that
// began, and against no other; specs that never began because the machine ended early are [Owed],
// not judged, as long as there is a clone left to try.
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
	if f := a.finish; f != nil {
		v.Expected, v.Seen, v.Detail = clip(f.Expected, keptText), clip(f.Seen, keptText),
			clip(f.Detail, keptDetail)
		v.UnderClaim = f.UnderClaim
	}
	a.judgeOverrun(&v, ev.Ending)
	a.judgeKernelLog(&v, ev)

	if v.Kind != Pass && v.Kind != Skip {
		v.Conversation = conversation(a.steps)
		v.Again = Again(want.Cell, want.Spec)
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

// An account holds what a clone said about one spec.
type account struct {
	begun   bool
	last    bool // no other spec began after it
	ended   bool // the guest said that it was done, and counted right
	finish  *record.Finish
	load    Load // when it finished
	log     *record.KernelLog
	late    []record.Late // after it
	watched bool
	state   *record.State // of the guest after it
	steps   []record.Step
	place   int      // in the guest, from 1
	unfit   string   // why the guest was not proved clean when it began
	faults  []string // what was wrong with what came while it ran, and until the next one began
}

// readAccount goes through everything that a clone said and keeps what concerns spec. Lines that
// are no records count against the spec during which they came; those before the first Begin count
// against all specs, because what they were is unknown.
func readAccount(spec string, ev Evidence, splatsIn func([]string, uint64) []Splat) account {
	var (
		a        account
		current  string // the spec that runs, or ran last
		finished int
		begun    int
		accepted bool
		proof    = proof{watched: ev.Watched}
	)
	fault := func(format string, args ...any) {
		if current == spec || current == "" {
			a.faults = append(a.faults, fmt.Sprintf(format, args...))
		}
	}
	mine := func(r string) bool {
		if r != current {
			fault("a record about %q came while %q ran", r, current)
		}
		return r == spec && current == spec
	}
	for i, h := range ev.Heard {
		if a.ended {
			fault("the guest went on after its end record: %s", h)
			a.ended = false
		}
		if h.Record == nil {
			fault("%s", cmp.Or(h.Fault, "an empty record"))
			continue
		}
		switch r := h.Record.(type) {
		case record.Hello:
			fault("a clone said hello, which is for templates")
		case record.Accepted:
			accepted = true
			if i != 0 || r.Specs != len(ev.Ordered) {
				fault("the guest accepted %d specs in its record %d, it was told to run %d",
					r.Specs, i+1, len(ev.Ordered))
			}
		case record.Greeting:
		case record.Begin:
			if begun == len(ev.Ordered) || r.Spec != ev.Ordered[begun] {
				fault("spec %q began, which was not ordered next", r.Spec)
				break
			}
			a.heard(r.Late, current == spec)
			current = r.Spec
			begun++
			if !accepted {
				fault("the spec began before the guest had accepted its order")
			}
			unfit := proof.begin(r.Spec)
			if r.Spec == spec {
				a.begun, a.place, a.unfit = true, begun, unfit
			}
		case record.Step:
			if mine(r.Spec) {
				a.steps = append(a.steps, r)
			}
		case record.KernelLog:
			if ev.Watched {
				proof.complain(r.Spec, splatsIn(r.Lines, r.Tainted))
			}
			if !mine(r.Spec) {
				break
			}
			if a.log != nil || a.finish != nil {
				fault("a second or late kernel log")
			}
			a.log = &r
		case record.Finish:
			finished++
			proof.finish(r.Spec)
			if !mine(r.Spec) {
				break
			}
			if a.finish != nil {
				fault("the spec finished twice: %s, then %s", a.finish.Outcome, r.Outcome)
			}
			a.finish, a.load = &r, h.Load
		case record.State:
			proof.take(r)
			if ev.Watched {
				proof.complain(r.Spec, splatsIn(r.Lines, r.Tainted))
			}
			switch {
			case !ev.Watched:
				fault("a state of the guest, which was not asked for")
			case r.Spec == "" && current == "":
			case !mine(r.Spec):
			case a.state != nil || a.finish == nil:
				fault("a second or early state of the guest")
			default:
				a.state = &r
				a.heard(r.Late, true)
			}
		case record.End:
			a.heard(r.Late, current == spec)
			a.ended = r.Specs == finished
			if !a.ended {
				fault("the guest says that it finished %d specs, records came of %d", r.Specs,
					finished)
			}
		default:
			fault("a record of a type that has no meaning here: %T", r)
		}
	}
	a.last = a.begun && current == spec
	a.watched = ev.Watched
	return a
}

// heard keeps what the kernel logged late, if it was after the account's spec.
func (a *account) heard(late record.Late, mine bool) {
	if mine && (len(late.Lines) > 0 || late.Tainted != 0 || late.Error != "") {
		a.late = append(a.late, late)
	}
}

// unread returns why not all was read that the kernel logged, "" if it was.
func (a account) unread() string {
	if a.log.Error != "" {
		return a.log.Error
	}
	for _, late := range a.late {
		if late.Error != "" {
			return late.Error
		}
	}
	return ""
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

// judgeKernelLog holds what the kernel logged against a verdict: a splat makes a failure of
// whatever the guest thought it was, and a crash of whatever the kernel did not survive whole. The
// last spec of a clone also answers for what came on the console after its log was read, such as a
// use after free that only shows once RCU has run.
func (a account) judgeKernelLog(v *Verdict, ev Evidence) {
	if !a.begun {
		return
	}
	scanner, err := splatScanner()
	if err != nil {
		v.Kind, v.Reason = Broken, "the kernel log cannot be scanned: "+err.Error()
		return
	}
	kernel := scanner.on(cmp.Or(v.KernelRelease, v.Kernel), ev.Ended)
	if a.log != nil {
		v.Splats = kernel.Find(a.log.Lines, a.log.Tainted)
	}
	for _, late := range a.late {
		v.Splats = append(v.Splats, kernel.Find(late.Lines, late.Tainted)...)
	}
	if a.last {
		v.Splats = append(v.Splats, kernel.Scan(unlogged(ev))...)
	}
	if len(v.Splats) == 0 {
		return
	}
	v.Splats = firstSplats(v.Splats)
	worst := slices.MaxFunc(v.Splats,
		func(x, y Splat) int { return cmp.Compare(x.Means.rank(), y.Means.rank()) })
	switch {
	case v.Kind == Crash:
		v.Reason += ": " + worst.Text
	case worst.Means == SplatCrash:
		v.Kind, v.Reason = Crash, "kernel splat: "+worst.Text
	case v.Kind == Broken || v.Kind == Missing:
		v.Reason += "; kernel splat: " + worst.Text
	default:
		v.Kind, v.Reason = Fail, "kernel splat: "+worst.Text
	}
}

// firstSplats returns the first few splats, and among them the first that is a crash, if any is.
func firstSplats(splats []Splat) []Splat {
	if len(splats) <= keptSplats {
		return splats
	}
	crash := slices.IndexFunc(splats, func(s Splat) bool { return s.Means == SplatCrash })
	if crash >= keptSplats {
		splats[keptSplats-1] = splats[crash]
	}
	return splats[:keptSplats]
}

// unlogged returns what the kernel wrote on the console and no kernel log of the clone has.
func unlogged(ev Evidence) []string {
	logged := make(map[string]bool)
	for _, h := range ev.Heard {
		var known []string
		switch r := h.Record.(type) {
		case record.KernelLog:
			known = r.Lines
		case record.State:
			known = r.Lines
		case record.Begin:
			known = r.Late.Lines
		case record.End:
			known = r.Late.Lines
		}
		for _, line := range unfold(known) {
			_, message, _ := kernelMessage(line)
			logged[message] = true
		}
	}
	var lines []string
	for line := range strings.Lines(ev.Ending.Console) {
		line = strings.TrimRight(line, "\r\n")
		if ev.Ending.Cause != PoweredOff && hostsDoing.MatchString(line) {
			break
		}
		// The console is the guest's too: only what bears the kernel's timestamp is the kernel's.
		for _, line := range unfold([]string{line}) {
			if stamped, message, ok := kernelMessage(line); ok && stamped && !logged[message] {
				lines = append(lines, line)
			}
		}
	}
	return lines
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

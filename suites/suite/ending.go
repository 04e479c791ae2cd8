// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/record"
)

// An ending is how a spec ended before its last line, where that is not a failed expectation.
type ending struct {
	outcome record.Outcome
	reason  string
}

// vanished is the ending of a hidden spec that leaves no last records.
const vanished record.Outcome = "vanished"

// end ends the spec. It does not return.
func (s *Session) end(e ending) {
	s.ending = &e
	ginkgo.Skip(e.reason) // Ginkgo's way to leave a spec without a failure; judge makes the outcome
}

// broken ends the spec: the suite or the driver broke, and nothing is known of the loader. It does not return.
func (s *Session) broken(format string, args ...any) {
	s.end(ending{record.Broken, oneLine(fmt.Sprintf(format, args...))})
}

// fail ends the spec: an expectation did not hold. It does not return.
func (s *Session) fail(expected, seen string) {
	failNow(failureText(expected, seen))
}

// fault ends the spec after a conversation that ended too early. A loader that died with an object in its hands has failed; a driver that broke
// the protocol, or does not answer, says nothing of the loader. It does not return.
func (s *Session) fault(err error) {
	var f *loader.Fault
	switch {
	case s.ctx.Err() != nil:
		failNow(err.Error()) // the spec's time is up: Ginkgo knows
	case errors.As(err, &f) && crashed(f):
		s.fail("an answer to "+string(f.Op), "the loader died: "+f.Detail)
	default:
		s.broken("%v", err)
	}
}

// claim is how far the loader claims what the requirement is about: the least of what it claims of the profiles. why is one line.
func (s *Session) claim() (support loader.Support, why string) {
	support = loader.Yes
	for _, profile := range s.requirement.Profiles {
		claim, declared := s.features[loader.Feature(profile)]
		switch {
		case claim.Support == loader.Yes:
		case claim.Support == loader.Partial || claim.Support == loader.KernelDependent:
			if support == loader.Yes {
				support, why = claim.Support, withReason(fmt.Sprintf("the loader claims %s as %s", profile, claim.Support), claim.Reason)
			}
		case declared && support != loader.No:
			support, why = loader.No, withReason("the loader does not claim "+profile, claim.Reason)
		case support != loader.No:
			support, why = loader.No, "the loader does not claim "+profile
		}
	}
	return support, why
}

// refusedUnlessClaimed ends the spec as refused, where the loader does not claim the whole of what the requirement is about, or does not
// know the attribute, option or operation that it was asked for.
func (s *Session) refusedUnlessClaimed(a *Attempt) {
	if support, why := s.claim(); support != loader.Yes {
		s.end(ending{record.Refused, oneLine(why + ": " + inWords(a.Reply))})
	}
	if u, unsupported := a.Reply.(*loader.Unsupported); unsupported && slices.Contains(a.words(), string(u.Feature)) {
		s.end(ending{record.Refused, oneLine("the loader has no such request: " + inWords(a.Reply))})
	}
}

// leave ends the session: everything is given up, and what stays in the kernel is noted.
func (s *Session) leave() {
	if s.dirs == (loader.Dirs{}) {
		return // it never began
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), s.run.farewell())
	defer cancel()
	for _, c := range s.conversations() {
		s.note(c.giveUp(ctx))
	}
	s.note(s.unpin())
	settle, cancelSettle := context.WithTimeout(ctx, s.run.settle())
	defer cancelSettle()
	left, err := s.witness.Beyond(settle, s.before)
	s.note(err)
	s.left = append(s.left, left...)
	for _, c := range s.conversations() {
		s.note(c.bye(ctx))
	}
}

// unpin removes every pin, so that what it holds can go, and notes those that should not be there.
func (s *Session) unpin() error {
	pins, err := oracle.Pins(s.witness.BPFFS)
	for _, pin := range pins {
		if !slices.Contains(s.kept, pin) {
			s.left = append(s.left, oracle.Object{Kind: oracle.KindPin, Name: pin})
		}
		err = errors.Join(err, os.Remove(filepath.Join(s.witness.BPFFS, pin)))
	}
	return err
}

// note keeps the first trouble.
func (s *Session) note(err error) {
	if s.trouble == nil {
		s.trouble = err
	}
}

// finish sends the spec's last records.
func (s *Session) finish(report ginkgo.SpecReport) {
	if s.ending != nil && s.ending.outcome == vanished {
		s.run.vanished++
		return
	}
	s.sendLog()
	finish := s.judge(report)
	finish.Spec, finish.Duration = s.spec.id, time.Since(s.began)
	s.run.send(finish)
	s.run.finished++
}

// maxLog is how much of the kernel's log a record holds, in bytes; as JSON it may be six times that.
const maxLog = 128 << 10

func (s *Session) sendLog() {
	log := s.run.deps.Log
	if log == nil {
		return
	}
	lines, err := log.Since()
	kept, size := 0, 0
	for ; kept < len(lines) && size+len(lines[kept]) <= maxLog; kept++ {
		size += len(lines[kept])
	}
	if kept < len(lines) { // not read whole, then: what is left out may be what matters
		err = errors.Join(err, fmt.Errorf("%d lines of %d are too many for a record", len(lines)-kept, len(lines)))
	}
	rec := record.KernelLog{Spec: s.spec.id, Lines: lines[:kept]}
	if err = errors.Join(s.logError, err); err != nil {
		rec.Error = err.Error()
	}
	s.run.send(rec)
}

// judge makes the outcome of how Ginkgo saw the spec end and what the session knows. The first that applies is the outcome: a spec that broke
// says nothing of the loader, whatever else was seen, and only a spec of which nothing else is to be said has passed.
func (s *Session) judge(report ginkgo.SpecReport) record.Finish {
	early := ending{}
	if s.ending != nil {
		early = *s.ending
	}
	switch {
	case report.State.Is(types.SpecStateTimedout | types.SpecStateInterrupted):
		return s.lost(report, record.TimedOut, report.Failure.Message)
	case report.State.Is(types.SpecStatePanicked):
		return s.lost(report, record.Panicked, report.Failure.ForwardedPanic)
	case early.outcome == record.Broken:
		return s.lost(report, record.Broken, early.reason)
	case report.State.Is(types.SpecStateFailed):
		return s.failed(report)
	case s.trouble != nil:
		return s.lost(report, record.Broken, s.trouble.Error())
	case early.outcome == record.Skipped:
		return record.Finish{Outcome: record.Skipped, Reason: early.reason}
	case len(s.left) > 0:
		return s.leaked(early)
	case early.outcome == record.Refused:
		return record.Finish{Outcome: record.Refused, Reason: early.reason}
	case !report.State.Is(types.SpecStatePassed):
		return s.lost(report, record.Broken, "the spec ended as "+report.State.String()+", which is no way to end one")
	case !s.asked && !s.spec.hidden:
		return s.lost(report, record.Broken, "the spec asked nothing of the loader")
	}
	support, _ := s.claim()
	return record.Finish{Outcome: record.Passed, UnderClaim: support == loader.No}
}

// lost is the end of a spec that says nothing of the loader.
func (s *Session) lost(report ginkgo.SpecReport, outcome record.Outcome, reason string) record.Finish {
	return record.Finish{Outcome: outcome, Reason: oneLine(reason), Detail: s.detail(report)}
}

func (s *Session) failed(report ginkgo.SpecReport) record.Finish {
	support, why := s.claim()
	finish := record.Finish{Outcome: record.Failed, Detail: s.detail(report)}
	finish.Expected, finish.Seen = expectedAndSeen(report.Failure.Message)
	if support == loader.No && s.loaded {
		finish.Reason = oneLine(why + ", and it pretends: it neither refuses nor does it")
	}
	return finish
}

func (s *Session) leaked(early ending) record.Finish {
	return record.Finish{
		Outcome:  record.Failed,
		Reason:   early.reason,
		Expected: "nothing of the loader's in the kernel after reset, but pins that were asked for",
		Seen:     oneLine(objectsInWords(s.left)),
		Detail:   s.told.String(),
	}
}

// detailLen is how long the detail of a record gets, in bytes.
const detailLen = 16 << 10

// detail is the whole of what is known of a failure: its text and place, what the session could not give up, the end of the conversation, and
// what the spec wrote itself.
func (s *Session) detail(report ginkgo.SpecReport) string {
	var b strings.Builder
	failure := report.Failure
	for _, part := range []string{failure.Message, failure.ForwardedPanic, "at " + s.place(failure.Location)} {
		if part != "" {
			b.WriteString(part + "\n")
		}
	}
	if report.State.Is(types.SpecStatePanicked) {
		b.WriteString(failure.Location.FullStackTrace + "\n")
	}
	if s.trouble != nil {
		fmt.Fprintf(&b, "trouble    %v\n", s.trouble)
	}
	if len(s.left) > 0 {
		fmt.Fprintf(&b, "left       %s\n", objectsInWords(s.left))
	}
	b.WriteString(s.told.String())
	b.WriteString(report.CapturedGinkgoWriterOutput)
	return shorten(b.String(), detailLen)
}

// place is where a failure is, as folder/file.go:line: the spec's registration, where it has no line of its own.
func (s *Session) place(at types.CodeLocation) string {
	if at.FileName == "" || strings.Contains(at.FileName, "/onsi/ginkgo") {
		return s.spec.place
	}
	parts := strings.Split(at.FileName, "/")
	return fmt.Sprintf("%s:%d", strings.Join(parts[max(0, len(parts)-2):], "/"), at.LineNumber)
}

// crashed reports whether the loader died with an object in its hands. A driver that dies at anything else, such as hello, is its own fault.
func crashed(f *loader.Fault) bool {
	switch f.Op {
	case loader.OpCreate, loader.OpOpen, loader.OpSet, loader.OpLoad, loader.OpLink, loader.OpAttach, loader.OpPin:
		return errors.Is(f, loader.ErrDied)
	default:
		return false
	}
}

// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"cmp"
	"errors"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/suites/phrase"
)

// finish sends the spec's last records.
func (x *Execution) finish(report ginkgo.SpecReport) {
	if x.early().outcome == vanished {
		x.run.vanished++
		return
	}
	if x.run.deps.Log != nil {
		x.run.send(x.run.logSince(x.spec.ID, x.logError))
	}
	finish := x.outcome(report)
	finish.Overran, finish.Limit = x.overran(finish.Outcome, report)
	finish.Spec, finish.Duration = x.spec.ID, time.Since(x.began)
	x.run.send(finish)
	x.run.finished++
}

// outcome decides how the spec ended, from what Ginkgo saw and what the runner knows. The first
// case that applies is the outcome: a spec that broke says nothing of the loader, whatever else was
// seen, and only a spec of which nothing else is to be said has passed.
func (x *Execution) outcome(report ginkgo.SpecReport) record.Finish {
	early := x.early()
	switch {
	case report.State.Is(types.SpecStateInterrupted):
		return x.lost(report, record.Broken, report.Failure.Message)
	case x.late:
		return x.lost(report, record.TimedOut, x.run.order.Limits.Spec.String())
	case report.State.Is(types.SpecStatePanicked):
		return x.lost(report, record.Panicked, report.Failure.ForwardedPanic)
	case early.outcome == record.Broken:
		return x.lost(report, record.Broken, early.reason)
	case report.State.Is(types.SpecStateFailed):
		return x.failed(report)
	case x.trouble != nil:
		return x.lost(report, record.Broken, x.trouble.Error())
	case early.outcome == record.Skipped:
		return record.Finish{Outcome: record.Skipped, Reason: early.reason}
	case len(x.left) > 0:
		return x.leaked(early)
	case early.outcome == record.Refused:
		return record.Finish{Outcome: record.Refused, Reason: early.reason}
	case !report.State.Is(types.SpecStatePassed):
		return x.lost(report, record.Broken,
			"the spec ended as "+report.State.String()+", which is no way to end one")
	case !x.asked && !x.spec.Hidden:
		return x.lost(report, record.Broken, "the spec asked nothing of the loader")
	}
	support, _ := x.Claim()
	return record.Finish{Outcome: record.Passed, UnderClaim: support == loader.No}
}

// The limits that a spec can overrun.
const (
	ofRequest = "request" // to the loader
	ofSpec    = "spec"
	ofSettle  = "settle" // what the kernel has to free what was given up
)

// overran returns the limit that passed, where the spec ended as it did because one passed: on a
// host that is busy it may not have been the spec's fault, nor the loader's.
func (x *Execution) overran(ended record.Outcome, report ginkgo.SpecReport) (string, time.Duration) {
	limits := x.run.order.Limits
	switch ended {
	case record.TimedOut:
		return ofSpec, limits.Spec
	case record.Broken:
		var f *loader.Fault
		if errors.As(x.cause(), &f) && errors.Is(f, loader.ErrHung) {
			return ofRequest, f.Limit
		}
	case record.Failed:
		if limit, ok := phrase.ReadTimeout(report.Failure.Message); ok {
			return ofSettle, limit
		}
		if x.unsettled {
			return ofSettle, x.run.deps.Settle
		}
	}
	return "", 0
}

// cause returns the error that broke the spec, if it was one.
func (x *Execution) cause() error {
	if early := x.early(); early.outcome == record.Broken {
		return early.err
	}
	return x.trouble
}

// lost returns the end of a spec that says nothing of the loader.
func (x *Execution) lost(
	report ginkgo.SpecReport, outcome record.Outcome, reason string,
) record.Finish {
	return record.Finish{Outcome: outcome, Reason: phrase.Line(reason), Detail: x.detail(report)}
}

func (x *Execution) failed(report ginkgo.SpecReport) record.Finish {
	support, why := x.Claim()
	finish := record.Finish{Outcome: record.Failed, Detail: x.detail(report)}
	finish.Expected, finish.Seen = phrase.ReadFailure(report.Failure.Message)
	if finish.Expected == "" {
		finish.Expected = cmp.Or(phrase.Line(x.requirement.Sentence), "another outcome")
	}
	if support == loader.No && x.controlled {
		finish.Reason = phrase.Line(why + ", and it pretends: it neither refuses nor does it")
	}
	return finish
}

func (x *Execution) leaked(early ending) record.Finish {
	return record.Finish{
		Outcome:  record.Failed,
		Reason:   early.reason,
		Expected: "nothing of the loader's in the kernel after reset, but pins that were asked for",
		Seen:     phrase.Line(phrase.Objects(x.left)),
		Detail:   x.told(),
	}
}

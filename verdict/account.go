// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	"fmt"

	"github.com/loadstone-bpf/loadstone/record"
)

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
	files   []GivenFile
	checked *record.Checked
	place   int      // in the guest, from 1
	unfit   string   // why the guest was not proved clean when it began
	faults  []string // what was wrong with what came while it ran, and until the next one began
}

// readAccount goes through everything that a clone said and keeps what concerns spec. Lines that
// are no records count against the spec during which they came; those before the first Begin count
// against all specs, because what they were is unknown.
func readAccount(spec string, ev Evidence, splatsIn func([]string, uint64) []Splat) account {
	r := reading{
		account: account{watched: ev.Watched}, spec: spec, ordered: ev.Ordered, splatsIn: splatsIn,
		proof: proof{watched: ev.Watched},
	}
	for i, h := range ev.Heard {
		r.take(i, h)
	}
	r.last = r.account.begun && r.current == spec
	return r.account
}

// A reading is an account while it is read, record by record.
type reading struct {
	account
	spec     string // that it is of
	ordered  []string
	splatsIn func([]string, uint64) []Splat

	current  string // the spec that runs, or ran last
	begun    int    // specs
	finished int    // specs
	accepted bool
	proof    proof
}

// fault notes what is wrong with what came, if it counts against the spec.
func (r *reading) fault(format string, args ...any) {
	if r.current == r.spec || r.current == "" {
		r.faults = append(r.faults, fmt.Sprintf(format, args...))
	}
}

// mine reports whether a record is about the spec, and came while it ran.
func (r *reading) mine(spec string) bool {
	if spec != r.current {
		r.fault("a record about %q came while %q ran", spec, r.current)
	}
	return spec == r.spec && r.current == r.spec
}

// take takes in the line of a number, from 0.
func (r *reading) take(number int, h Heard) {
	if r.ended {
		r.fault("the guest went on after its end record: %s", h)
		r.ended = false
	}
	switch rec := h.Record.(type) {
	case nil:
		r.fault("%s", cmp.Or(h.Fault, "an empty record"))
	case record.Hello:
		r.fault("a clone said hello, which is for templates")
	case record.Accepted:
		r.accepted = true
		if number != 0 || rec.Specs != len(r.ordered) {
			r.fault("the guest accepted %d specs in its record %d, it was told to run %d",
				rec.Specs, number+1, len(r.ordered))
		}
	case record.Greeting:
	case record.Begin:
		r.takeBegin(rec)
	case record.Step:
		if r.mine(rec.Spec) {
			r.steps = append(r.steps, rec)
		}
	case record.File:
		if r.mine(rec.Spec) {
			r.takeFile(rec)
		}
	case record.Checked:
		if r.mine(rec.Spec) {
			if r.checked != nil || r.finish != nil {
				r.fault("a second or late word on how the object did")
			}
			r.checked = &rec
		}
	case record.KernelLog:
		r.takeLog(rec)
	case record.Finish:
		r.takeFinish(rec, h.Load)
	case record.State:
		r.takeState(rec)
	case record.End:
		r.takeEnd(rec)
	default:
		r.fault("a record of a type that has no meaning here: %T", rec)
	}
}

func (r *reading) takeBegin(b record.Begin) {
	if r.begun == len(r.ordered) || b.Spec != r.ordered[r.begun] {
		r.fault("spec %q began, which was not ordered next", b.Spec)
		return
	}
	r.heard(b.Late, r.current == r.spec)
	r.current = b.Spec
	r.begun++
	if !r.accepted {
		r.fault("the spec began before the guest had accepted its order")
	}
	unfit := r.proof.begin(b.Spec)
	if b.Spec == r.spec {
		r.account.begun, r.place, r.unfit = true, r.begun, unfit
	}
}

func (r *reading) takeLog(l record.KernelLog) {
	if r.watched {
		r.proof.complain(l.Spec, r.splatsIn(l.Lines, l.Tainted))
	}
	if !r.mine(l.Spec) {
		return
	}
	if r.log != nil || r.finish != nil {
		r.fault("a second or late kernel log")
	}
	r.log = &l
}

func (r *reading) takeFinish(f record.Finish, load Load) {
	r.finished++
	r.proof.finish(f.Spec)
	if !r.mine(f.Spec) {
		return
	}
	if r.finish != nil {
		r.fault("the spec finished twice: %s, then %s", r.finish.Outcome, f.Outcome)
	}
	r.finish, r.load = &f, load
}

func (r *reading) takeState(s record.State) {
	r.proof.take(s)
	if r.watched {
		r.proof.complain(s.Spec, r.splatsIn(s.Lines, s.Tainted))
	}
	switch {
	case !r.watched:
		r.fault("a state of the guest, which was not asked for")
	case s.Spec == "" && r.current == "":
	case !r.mine(s.Spec):
	case r.state != nil || r.finish == nil:
		r.fault("a second or early state of the guest")
	default:
		r.state = &s
		r.heard(s.Late, true)
	}
}

func (r *reading) takeEnd(e record.End) {
	r.heard(e.Late, r.current == r.spec)
	r.ended = e.Specs == r.finished
	if !r.ended {
		r.fault("the guest says that it finished %d specs, records came of %d", e.Specs, r.finished)
	}
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

// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"fmt"
	"slices"

	"github.com/loadstone-bpf/loadstone/record"
)

// keptChanges gives how many changes of a guest a verdict keeps, and keptAfter how many specs.
const (
	keptChanges = 20
	keptAfter   = 128
)

// Guest says what is known of a guest that was used for more than one spec, after one of them. It
// is the proof that the guest was fit for the next, or why it was not.
type Guest struct {
	Number int `json:"number"` // of the guest in its run, from 1
	Place  int `json:"place"`  // of the spec in it, from 1
	// how many there were of each kind of thing, memory in KiB
	Held map[string]int `json:"held,omitempty"`
	// what was not as before the guest's first spec, so that no other was run in it
	Left []string `json:"left,omitempty"`
}

// Shared says how a spec ended in a guest that was used for more than one. Only a pass counts
// there: anything else is run again in a guest of its own, whose verdict this goes with.
type Shared struct {
	Kind   Kind   `json:"verdict"`
	Reason string `json:"reason,omitempty"`
	Guest  *Guest `json:"guest,omitempty"`
	// what the kernel complained of there, and the console where it died
	Splats  []Splat  `json:"splats,omitempty"`
	Console []string `json:"console,omitempty"`
	// the host gave the guest too little of its time
	Starved bool `json:"starved,omitempty"`
	// the verdict that counts is another kind: the spec, or its loader, depends on what came before
	Differs bool `json:"differs,omitempty"`
	// the specs that had run in the guest before, in order, where the verdicts differ
	After []string `json:"after,omitempty"`
}

// InShared returns what is kept of v, of a spec that did not pass in a guest in which the specs of
// after had run before it.
func (v Verdict) InShared(after []string) *Shared {
	return &Shared{
		Kind: v.Kind, Reason: v.Reason, Guest: v.Guest, Splats: v.Splats, Console: v.Console,
		After: after[max(0, len(after)-keptAfter):],
	}
}

// With returns v, from a guest of its own, with how the spec had ended in a shared one. It is for
// verdicts to which no expectations were applied yet.
func (v Verdict) With(s *Shared) Verdict {
	if s == nil {
		return v
	}
	kept := *s
	if kept.Differs = kept.differs(v); !kept.Differs {
		kept.After = nil
	}
	v.Shared = &kept
	return v
}

// Differs reports whether the spec ended otherwise in a guest that others had used before.
func (v Verdict) Differs() bool { return v.Shared != nil && v.Shared.Differs }

// differs reports whether what became of the spec in the shared guest is another thing than v, and
// may be so because of what ran there before. Where nothing did, or the guest did not come to the
// spec, or the host was too busy, it is not; but what the kernel complained of always is.
func (s *Shared) differs(v Verdict) bool {
	if len(s.Splats) > 0 && len(v.Splats) == 0 {
		return true
	}
	after := s.Guest != nil && s.Guest.Place > 1
	return s.Kind != v.Kind && s.Kind != Missing && !s.Starved && (after || s.Kind == Crash)
}

// damaging reports whether the kernel died or complained in the shared guest, and did not where the
// spec ran alone. Whatever did it is in that guest: a run cannot be clean.
func (s *Shared) damaging() bool {
	return s != nil && s.Differs && (s.Kind == Crash || len(s.Splats) > 0)
}

// A proof follows what a watched guest says of its state from record to record.
type proof struct {
	watched bool
	first   bool   // the state before the first spec has come
	owed    string // spec after which no state has come yet
	ended   string // spec that finished last
	missing string // why the guest is not proved clean; stays, once there is a reason
}

// take takes in a state.
func (p *proof) take(s record.State) {
	switch {
	case p.missing != "":
	case s.Error != "":
		p.missing = fmt.Sprintf("it could not be seen whether the guest was clean%s: %s",
			after(s.Spec), firstLine(s.Error))
	case s.Late.Error != "":
		p.missing = fmt.Sprintf("the kernel log could not be read whole%s: %s", after(s.Spec),
			firstLine(s.Late.Error))
	case len(s.Changes) > 0:
		p.missing = fmt.Sprintf("the guest was not clean%s: %s", after(s.Spec),
			firstLine(s.Changes[0]))
	}
	p.first = p.first || s.Spec == ""
	if s.Spec == p.owed && s.Spec == p.ended {
		p.owed = ""
	}
}

// finish takes in that a spec has finished: only a state that follows is of the guest after it.
func (p *proof) finish(spec string) { p.ended = spec }

// complain takes in that the kernel complained. Much of what it complains of it says once, and of
// what it lacks from then on, such as lockdep, not at all.
func (p *proof) complain(spec string, splats []Splat) {
	if p.missing == "" && len(splats) > 0 {
		p.missing = fmt.Sprintf("the kernel complained%s: %s", after(spec), splats[0].Text)
	}
}

// begin takes in that a spec begins, and returns why the guest is not fit for it.
func (p *proof) begin(spec string) string {
	switch {
	case !p.watched || p.missing != "":
	case !p.first:
		p.missing = "nothing says how the guest was before its first spec"
	case p.owed != "":
		p.missing = "nothing proves that the guest was clean" + after(p.owed)
	}
	p.owed = spec
	return p.missing
}

func after(spec string) string {
	if spec == "" {
		return " before its first spec"
	}
	return " after " + spec
}

// guest returns what a verdict keeps of the guest's state after its spec.
func (a account) guest() *Guest {
	g := &Guest{Place: a.place}
	if a.state != nil {
		g.Held = a.state.Held
		g.Left = slices.Clone(a.state.Changes[:min(keptChanges, len(a.state.Changes))])
		if a.state.Error != "" {
			g.Left = append(g.Left, firstLine(a.state.Error))
		}
	}
	return g
}

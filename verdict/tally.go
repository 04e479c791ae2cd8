// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"
	"fmt"
	"maps"
)

// A tally holds verdicts against the plan of their run.
type tally struct {
	left  map[Part]int  // how many a part still owes, by the part with Specs 0
	seen  map[slot]bool //
	kinds map[Kind]int  //
}

// A slot identifies one verdict of a run.
type slot struct{ loader, kernel, spec string }

func (v Verdict) slot() slot { return slot{v.LoaderName(), v.Kernel, v.Spec} }

func (v Verdict) part() Part { return Part{Loader: v.LoaderName(), Kernel: v.Kernel, Suite: v.Suite} }

func newTally(run Run) tally {
	t := tally{left: make(map[Part]int), seen: make(map[slot]bool), kinds: make(map[Kind]int)}
	for _, p := range run.Plan {
		t.left[Part{Loader: p.Loader, Kernel: p.Kernel, Suite: p.Suite}] += p.Specs
	}
	return t
}

// room returns an error where the plan has no room for v: it wraps [ErrDuplicate] or
// [ErrUnplanned].
func (t tally) room(v Verdict) error {
	switch {
	case t.seen[v.slot()]:
		return fmt.Errorf("%w: %s on %s", ErrDuplicate, v.Spec, v.Cell)
	case t.left[v.part()] <= 0:
		return fmt.Errorf("%w: %s on %s", ErrUnplanned, v.Spec, v.Cell)
	}
	return nil
}

func (t tally) add(v Verdict) {
	t.seen[v.slot()] = true
	t.left[v.part()]--
	t.kinds[v.Kind]++
}

func (t tally) owed() int {
	owed := 0
	for _, n := range t.left {
		owed += n
	}
	return owed
}

func (t tally) counts() map[Kind]int { return maps.Clone(t.kinds) }

// check returns an error where the verdict does not say what every verdict says.
func (v Verdict) check() error {
	switch {
	case v.Spec == "":
		return errors.New("no spec")
	case v.Suite == "":
		return errors.New("no suite")
	case v.Loader == "":
		return errors.New("no loader")
	case v.Cell.Kernel == "":
		return errors.New("no kernel")
	case !v.Kind.valid():
		return fmt.Errorf("unknown verdict %q", v.Kind)
	case v.Kind != Pass && v.Reason == "":
		return fmt.Errorf("%s without a reason", v.Kind)
	case v.Level != "" && v.Level != Must && v.Level != Should:
		return fmt.Errorf("unknown level %q", v.Level)
	case v.DurationMS < 0:
		return fmt.Errorf("duration of %d ms", v.DurationMS)
	}
	return nil
}

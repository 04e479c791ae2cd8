// SPDX-License-Identifier: Apache-2.0

package run

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"slices"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// Isolation says how many specs share a guest.
type Isolation string

// The isolations.
const (
	// Auto uses a guest for one spec after the other, in an order that [Plan.Seed] shuffles, as
	// long as the guest proves after each that it is as it was before the first. Only a pass counts
	// there: what did not pass is run again in a guest of its own. A spec whose requirement says
	// that it changes the whole kernel has one of its own at once, and so has every spec on a
	// kernel that is not a guest's own.
	Auto    Isolation = "auto"
	BySpec  Isolation = "spec"  // a guest for each spec
	BySuite Isolation = "suite" // a guest for the specs of one suite
	ByCell  Isolation = "cell"  // one guest for all specs of a cell
)

// perGuest bounds the specs that one guest is used for. What no look sees, such as memory that is
// in pieces, adds up to no more than that; and a guest of a tenth of a cell keeps every core busy
// until the end. The first spec of a guest takes as long as five of those that follow.
const perGuest = 48

// ErrIsolation reports a word that [ParseIsolation] does not know.
var ErrIsolation = errors.New("unknown isolation")

// Isolations lists all there are.
var Isolations = []Isolation{Auto, BySpec, BySuite, ByCell}

// ParseIsolation reads a user's word.
func ParseIsolation(s string) (Isolation, error) {
	if i := Isolation(s); slices.Contains(Isolations, i) {
		return i, nil
	}
	return "", fmt.Errorf("%w %q: want auto, spec, suite or cell", ErrIsolation, s)
}

// batch holds the specs for one guest.
type batch struct {
	cell
	specs   []record.Spec
	attempt int  // counted from 1
	starved int  // guests that the host gave too little of its time before
	watched bool // the guest proves after each spec that it is fit for the next
	// how a spec of a batch of one ended among others
	shared *verdict.Shared
}

// batches cuts the part of the plan that is one kernel's.
func (p Plan) batches(k Kernel) []batch {
	var all []batch
	for _, l := range p.Loaders {
		c := cell{k, l}
		asked, _ := p.asked(c)
		for _, specs := range p.cut(c, asked) {
			all = append(all, batch{
				cell: c, specs: specs, attempt: 1, watched: p.watches(k) && len(specs) > 1,
			})
		}
	}
	return all
}

// Share returns how many specs a guest is ordered, at the most or, by suite, in the mean.
func (p Plan) Share() int {
	switch p.Isolation {
	case Auto:
		return perGuest
	case BySuite:
		return len(p.Specs) / max(1, len(p.Suites()))
	case ByCell:
		return len(p.Specs)
	}
	return 1
}

// watches reports whether guests of a kernel are used again as long as they are clean.
func (p Plan) watches(k Kernel) bool { return p.Isolation == Auto && k.Own() }

// cut groups specs of a cell by the guest that they share.
func (p Plan) cut(c cell, specs []record.Spec) [][]record.Spec {
	if !p.watches(c.kernel) {
		return p.Isolation.cut(specs)
	}
	var together []record.Spec
	var alone [][]record.Spec
	for _, s := range specs {
		if r, found := p.Requirements.ForSpec(s.ID); found && r.Alone != "" {
			alone = append(alone, []record.Spec{s})
		} else {
			together = append(together, s)
		}
	}
	p.shuffle(c, together)
	return append(evenly(together, perGuest), alone...)
}

// shuffle puts specs into the order in which guests of a cell run them. Each cell has another.
func (p Plan) shuffle(c cell, specs []record.Spec) {
	name := fnv.New64a()
	io.WriteString(name, c.identity().LoaderName()+"\x00"+c.kernel.Name())
	order := rand.New(rand.NewPCG(p.Seed, name.Sum64()))
	order.Shuffle(len(specs), func(i, j int) { specs[i], specs[j] = specs[j], specs[i] })
}

// evenly cuts specs into as few groups of at most limit as there can be, of like size.
func evenly(specs []record.Spec, limit int) [][]record.Spec {
	var groups [][]record.Spec
	for n := (len(specs) + limit - 1) / limit; n > 0; n-- {
		size := (len(specs) + n - 1) / n
		groups = append(groups, specs[:size])
		specs = specs[size:]
	}
	return groups
}

// cut groups specs by the guest that they share, in their order.
func (i Isolation) cut(specs []record.Spec) [][]record.Spec {
	var groups [][]record.Spec
	at := make(map[string]int)
	for _, s := range specs {
		key := s.ID
		switch i {
		case BySuite:
			key = s.Suite
		case ByCell:
			key = ""
		}
		n, ok := at[key]
		if !ok {
			n = len(groups)
			at[key] = n
			groups = append(groups, nil)
		}
		groups[n] = append(groups[n], s)
	}
	return groups
}

// ids returns the batch's specs, in order.
func (b batch) ids() []string {
	var ids []string
	for _, s := range b.specs {
		ids = append(ids, s.ID)
	}
	return ids
}

// order returns the order for a guest.
func (b batch) order(p Plan) record.Order {
	return record.Order{
		Run: p.ID, Kernel: b.kernel.Name(), Specs: b.ids(), Loader: b.loader.order(),
		Limits: p.Limits, Watch: b.watched, Brought: p.Objects != nil,
		Files: p.Trail != nil && !b.watched,
	}
}

// alone returns the batch that runs one spec of b again, in a guest of its own, after it ended
// among others as v says.
func (b batch) alone(s record.Spec, v verdict.Verdict) batch {
	ids := b.ids()
	shared := v.InShared(ids[:slices.Index(ids, s.ID)])
	shared.Starved = starved(v)
	return batch{cell: b.cell, specs: []record.Spec{s}, attempt: 1, shared: shared}
}

// again returns the batch that runs one spec of b again, in a guest of its own, after one that the
// host gave too little of its time.
func (b batch) again(s record.Spec) batch {
	return batch{
		cell: b.cell, specs: []record.Spec{s}, attempt: 1, starved: b.starved + 1, shared: b.shared,
	}
}

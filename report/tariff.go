// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"maps"
	"slices"
)

// tariff learns what specs take, and applies it to parts that were not seen: as a product of what
// kernels, suites and loaders are like.
type tariff struct {
	linked []string
	seen   map[part]*sample
}

// sample holds what the specs of a part took, in seconds.
type sample struct {
	share
	levels levels
}

func newTariff(w Work) tariff { return tariff{w.Linked, make(map[part]*sample)} }

func (t *tariff) known() bool { return len(t.seen) > 0 }

// see notes what a spec took, in seconds.
func (t *tariff) see(p part, took float64) {
	s := t.seen[p]
	if s == nil {
		s = &sample{levels: t.levels(p)}
		t.seen[p] = s
	}
	s.sum, s.count = s.sum+took, s.count+1
}

// level names a property of parts that has a factor.
type level struct{ what, name string }

// levels are those of one part.
type levels [4]level

func (t *tariff) levels(p part) levels {
	kind := process
	if slices.Contains(t.linked, p.loader) {
		kind = linked
	}
	return levels{{"kernel", p.kernel}, {"suite", p.suite}, kind, {"loader", p.loader}}
}

// The kinds of loaders.
var linked, process = level{"kind", "linked"}, level{"kind", "process"}

// assumed returns the factor of a level that was not seen.
func (l level) assumed() float64 {
	if l == process {
		return processToLinked
	}
	return 1
}

// trust returns how many specs must have been seen for the factor to be believed half.
func (l level) trust() float64 {
	if l.what == "kernel" {
		return trustKernel
	}
	return trust
}

// rates holds the factors that a tariff has come to.
type rates struct {
	tariff *tariff
	base   float64
	factor map[level]float64
}

// fits is how often factors are fitted in turns; they hardly change after a few.
const fits = 6

// rates fits the factors. Each is the quotient of what the specs of its level took and what the
// other factors say that they take, drawn to what is assumed where there are few of them.
func (t *tariff) rates() rates {
	r := rates{tariff: t, base: 1, factor: make(map[level]float64)}
	parts := slices.SortedFunc(maps.Keys(t.seen), comparePart)
	for range fits {
		var took, says float64
		for _, p := range parts {
			s := t.seen[p]
			took += s.sum
			says += s.count * r.product(s.levels, level{})
		}
		r.base = took / max(says, 1e-9)
		for place := range len(levels{}) {
			sums := make(map[level]share) // what they took, what the others say
			for _, p := range parts {
				s := t.seen[p]
				l := s.levels[place]
				sum := sums[l]
				sum.sum += s.sum
				sum.count += s.count * r.base * r.product(s.levels, l)
				sums[l] = sum
			}
			for l, sum := range sums {
				few := l.trust() * r.base
				r.factor[l] = (sum.sum + few*l.assumed()) / (sum.count + few)
			}
		}
	}
	return r
}

func comparePart(a, b part) int {
	return cmp.Or(cmp.Compare(a.kernel, b.kernel), cmp.Compare(a.loader, b.loader),
		cmp.Compare(a.suite, b.suite))
}

// product multiplies the factors of a part but for one level.
func (r rates) product(all levels, but level) float64 {
	product := 1.0
	for _, l := range all {
		if l == but {
			continue
		}
		if f, ok := r.factor[l]; ok {
			product *= f
		} else {
			product *= l.assumed()
		}
	}
	return product
}

// of returns what a spec of a part takes: what was seen of it, drawn to the factors where that is
// little.
func (r rates) of(p part) float64 {
	var seen share
	if s := r.tariff.seen[p]; s != nil {
		seen = s.share
	}
	says := r.base * r.product(r.tariff.levels(p), level{})
	return (seen.sum + trust*says) / (seen.count + trust)
}

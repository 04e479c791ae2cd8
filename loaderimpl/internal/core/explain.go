// SPDX-License-Identifier: Apache-2.0

package core

import "github.com/cilium/ebpf/btf"

// An Explanation says what becomes of a relocation, and why.
type Explanation struct {
	Result
	Err        error // why it is refused; nil if it is not
	Candidates []Tried
}

// Tried says what a relocation is in a candidate.
type Tried struct {
	Candidate
	Fits  bool   // it has what is asked for
	Value uint64 // if it does
	Way   []Hop  // through it to a field or a value, if it does
}

// A Hop goes to one member, value or element on the way into a type.
type Hop struct {
	Owner btf.TypeID // struct, union or enum; of an element its own type
	Name  string     // empty for an element
	Index uint32
}

// Explain finds what the relocations of one program become, each with what all candidates have. A
// relocation that is refused does not end the others.
func (r *Resolver) Explain(list []Relocation) []Explanation {
	r.prepare()
	asked := make([]*local, len(list))
	all := make([]Explanation, len(list))
	var known []*local
	for i := range list {
		if asked[i], all[i].Err = r.localOf(&list[i]); all[i].Err == nil {
			known = append(known, asked[i])
		}
	}
	best := bestCandidates(known)
	for i, l := range asked {
		if l == nil || all[i].Err != nil {
			continue
		}
		all[i].Result, all[i].Err = l.choose(best[l.root])
		all[i].Candidates = l.tried()
	}
	return all
}

// tried lists the candidates.
func (l *local) tried() []Tried {
	if l.root == nil {
		return nil
	}
	list := make([]Tried, len(l.root.candidates))
	for i := range list {
		list[i].Candidate = l.root.candidates[i]
	}
	for _, f := range l.fits {
		t := &list[f.candidate]
		t.Fits, t.Value = true, f.number.value
		for _, s := range f.path.steps {
			t.Way = append(t.Way, Hop{s.owner, s.name, s.index})
		}
	}
	return list
}

// About tells whether a kind of relocations is about a field, a type as a whole, or an enum's
// value.
func (k Kind) About() (field, whole, value bool) { return k.ofField(), k.ofType(), k.ofEnum() }

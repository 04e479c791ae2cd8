// SPDX-License-Identifier: Apache-2.0

package core

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A Source holds types that relocations may find.
type Source struct {
	Name  string // of the kernel, a module or a file, for errors
	Types *typeinfo.Types
}

// A Resolver finds out what relocations of one object become.
type Resolver struct {
	Local *typeinfo.Types // the object's

	// Sources are looked into first; what one of them has is not looked for in others.
	Sources []Source

	// Others returns more sources, for a type that Sources do not have; it is called once, if at
	// all. It may be nil. Its error says that a type may be where it could not be read: it ends
	// only relocations whose type is in none of the sources that it returns.
	Others func() ([]Source, error)

	// Choices say, for types of the object by name, which of several candidates they are. A name
	// without a flavor is of all flavors that have none of their own.
	Choices map[string]Choice

	others    []Source
	unread    error
	asked     bool
	roots     map[btf.TypeID]*root
	locals    map[key]*local
	perSource map[*typeinfo.Types]*matcher
}

// A root holds the types of the kernel that may be one that relocations are about.
type root struct {
	kind       typeinfo.Kind
	candidates []Candidate
}

// A Candidate names a type of the kernel that has the name and the kind of a relocation's.
type Candidate struct {
	Source *Source
	ID     btf.TypeID
}

// String returns the type, and where it is from.
func (c *Candidate) String() string {
	return fmt.Sprintf("%s of %s (type %d)", TypeName(c.Source.Types, c.ID), c.Source.Name, c.ID)
}

// A local holds what a relocation is in the object's types, and in those of each candidate.
type local struct {
	rel    *Relocation
	path   *path
	number number
	root   *root
	fits   []fit // of candidates that have the part, in their order
}

// A fit holds the part in a candidate that has it.
type fit struct {
	candidate int
	path      *path
	number    number
}

// A Result says what an instruction gets.
type Result struct {
	Value    uint64 // in the kernel's types
	Original uint64 // in the object's
	Checked  bool   // the instruction has to have Original

	// Poisoned says that there is no number: the types of the kernel have no such part. The
	// instruction must not run.
	Poisoned bool

	// Chosen is the candidate that Value is from; nil where none has the part.
	Chosen *Candidate

	from, to access
	about    *local
}

// Resolve finds what the relocations of one program become, in their order.
//
// A type of the object may have several candidates: types of its name, flavors aside, in one source
// or in several. The relocations of one type choose among them together, and only those count that
// have most of what is asked for: a program does not read one struct by the layouts of two. Where
// these disagree on a number, or on whether there is one, the relocation is refused. Libbpf drops
// what lacks the part that it comes to first instead, so that the order of relocations decides.
func (r *Resolver) Resolve(list []Relocation) ([]Result, error) {
	r.prepare()
	asked := make([]*local, len(list))
	for i := range list {
		l, err := r.localOf(&list[i])
		if err != nil {
			return nil, refused(r.Local, &list[i], err)
		}
		asked[i] = l
	}
	best := bestCandidates(asked)
	results := make([]Result, len(list))
	for i, l := range asked {
		var err error
		if results[i], err = l.choose(best[l.root]); err != nil {
			return nil, refused(r.Local, &list[i], err)
		}
	}
	return results, nil
}

// refused says which relocation is refused.
func refused(t *typeinfo.Types, rel *Relocation, err error) error {
	return fmt.Errorf("%s: %w", rel.Expression(t), err)
}

func (r *Resolver) prepare() {
	if r.roots == nil {
		r.roots = make(map[btf.TypeID]*root)
		r.locals = make(map[key]*local)
		r.perSource = make(map[*typeinfo.Types]*matcher)
	}
}

// localOf returns what is known of a relocation, and finds it out for the first of its kind.
func (r *Resolver) localOf(rel *Relocation) (*local, error) {
	if known := r.locals[rel.key()]; known != nil {
		return known, nil
	}
	p, err := parsePath(r.Local, rel)
	if err != nil {
		return nil, err
	}
	n, err := numberOf(rel.Kind, p)
	if err != nil {
		return nil, err
	}
	l := &local{rel: rel, path: p, number: n}
	if rel.Kind != TypeIDLocal {
		if l.root, err = r.rootOf(rel.Root); err != nil {
			return nil, err
		}
		for i := range l.root.candidates {
			if err := r.fit(l, i); err != nil {
				return nil, fmt.Errorf("%v: %w", &l.root.candidates[i], err)
			}
		}
	}
	r.locals[rel.key()] = l
	return l, nil
}

// fit looks for the relocation's part in a candidate.
func (r *Resolver) fit(l *local, candidate int) error {
	c := &l.root.candidates[candidate]
	m := r.perSource[c.Source.Types]
	if m == nil {
		m = &matcher{local: r.Local, target: c.Source.Types}
		r.perSource[c.Source.Types] = m
	}
	m.left = mostSteps
	p, err := m.find(l, c.ID)
	if err != nil || p == nil {
		return err
	}
	n, err := numberOf(l.rel.Kind, p)
	l.fits = append(l.fits, fit{candidate, p, n})
	return err
}

// find looks for what a relocation is about in a type of its name, nil where it is not there.
func (m *matcher) find(l *local, id btf.TypeID) (*path, error) {
	switch k := l.rel.Kind; {
	case k.ofField():
		return m.part(l.path, id)
	case k.ofEnum():
		return m.value(l.path, id)
	default:
		same, err := false, error(nil)
		if k == TypeMatches {
			same, err = m.matches(l.rel.Root, id)
		} else {
			same, err = typeinfo.Compatible(m.local, l.rel.Root, m.target, id)
		}
		if !same || err != nil {
			return nil, err
		}
		return &path{types: m.target, root: id}, nil
	}
}

// rootOf returns the candidates for a type of the object.
func (r *Resolver) rootOf(id btf.TypeID) (*root, error) {
	if known := r.roots[id]; known != nil {
		return known, nil
	}
	t, err := r.Local.Type(id)
	if err != nil {
		return nil, err
	}
	if typeinfo.WithoutFlavor(t.Name) == "" {
		return nil, bad("%s has no name to be looked for by", TypeName(r.Local, id))
	}
	found, name := &root{kind: t.Kind}, typeinfo.NameOf(t.Name)
	choice, chosen := r.choiceFor(t.Name)
	left := found.candidates
	look := func(sources []Source) (err error) {
		if err = found.add(sources, name); err == nil && chosen {
			left, err = found.narrow(choice)
		} else {
			left = found.candidates
		}
		return err
	}
	if err := look(r.Sources); err != nil {
		return nil, err
	}
	if len(left) == 0 && r.Others != nil {
		if !r.asked {
			r.others, r.unread = r.Others()
			r.asked = true
		}
		if err := look(r.others); err != nil {
			return nil, err
		}
		if len(left) == 0 && r.unread != nil {
			return nil, fmt.Errorf("%s has no %s, and what may have it cannot be read: %w: %w",
				r.sourceNames(), TypeName(r.Local, id), refuse.ErrKernelTypes, r.unread)
		}
	}
	if chosen && len(left) == 0 {
		return nil, found.notThere(choice)
	}
	found.candidates = left
	r.roots[id] = found
	return found, nil
}

// sourceNames lists where is looked first.
func (r *Resolver) sourceNames() string {
	names := make([]string, len(r.Sources))
	for i := range r.Sources {
		names[i] = r.Sources[i].Name
	}
	return strings.Join(names, ", ")
}

// add adds the types of sources that may be the object's: of its name without flavors, and of its
// kind (bpf_core_add_cands).
func (r *root) add(sources []Source, name typeinfo.Name) error {
	for i := range sources {
		s := &sources[i]
		for _, id := range s.Types.Named(name) {
			t, err := s.Types.Type(id)
			if err != nil {
				return fmt.Errorf("%s: %w", s.Name, err)
			}
			if t.Kind == r.kind || isEnum(&t) && isEnum(&typeinfo.Record{Kind: r.kind}) {
				r.candidates = append(r.candidates, Candidate{s, id})
			}
		}
	}
	return nil
}

// bestCandidates returns, for each type of the object, which of its candidates have most of what
// relocations ask for.
func bestCandidates(asked []*local) map[*root][]bool {
	counts := make(map[*root][]int)
	counted := make(map[*local]bool, len(asked))
	for _, l := range asked {
		if l.root == nil || counted[l] {
			continue
		}
		counted[l] = true
		if counts[l.root] == nil {
			counts[l.root] = make([]int, len(l.root.candidates))
		}
		for _, f := range l.fits {
			counts[l.root][f.candidate]++
		}
	}
	best := make(map[*root][]bool, len(counts))
	for root, each := range counts {
		best[root] = make([]bool, len(each))
		for i, n := range each {
			best[root][i] = n == slices.Max(each)
		}
	}
	return best
}

// choose returns what a relocation becomes with the best candidates.
func (l *local) choose(best []bool) (Result, error) {
	result := Result{Original: l.number.value, Checked: l.number.exact, from: l.number.access,
		about: l}
	if l.root == nil { // of the object's own types
		result.Value = l.number.value
		return result, nil
	}
	lacking, err := numberOf(l.rel.Kind, nil)
	if err != nil {
		return Result{}, err
	}
	result.Value, result.Poisoned = lacking.value, lacking.absent
	next, first := 0, true
	for i := range l.root.candidates {
		n, fits := lacking, next < len(l.fits) && l.fits[next].candidate == i
		if fits {
			n = l.fits[next].number
			next++
		}
		switch {
		case !best[i]:
		case first:
			first = false
			result.Value, result.Poisoned = n.value, n.absent
			if fits {
				result.to, result.Chosen = n.access, &l.root.candidates[i]
			}
		case n.value != result.Value || n.absent != result.Poisoned:
			return Result{}, l.ambiguous(best)
		}
	}
	return result, nil
}

// Lack says what the kernel's types do not have for a relocation that is poisoned.
func (r *Result) Lack(t *typeinfo.Types) string {
	l := r.about
	what := l.rel.Expression(t)
	switch {
	case len(l.root.candidates) == 0:
		return fmt.Sprintf("%s: there is no %s", what, TypeName(t, l.rel.Root))
	case r.Chosen != nil:
		return fmt.Sprintf("%s: %v has it with %d bytes, not %d, and the access would not keep its sign",
			what, r.Chosen, r.to.size, r.from.size)
	}
	var each []string
	for i := range l.root.candidates {
		each = append(each, l.root.candidates[i].String())
	}
	return fmt.Sprintf("%s: not in %s", what, strings.Join(each, ", "))
}

// ambiguous names each of the best candidates with its number.
func (l *local) ambiguous(best []bool) error {
	numbers := make([]string, len(l.root.candidates))
	for _, f := range l.fits {
		numbers[f.candidate] = fmt.Sprint(f.number.value)
	}
	var each []string
	for i := range l.root.candidates {
		if best[i] {
			each = append(each, fmt.Sprintf("%s in %v", cmp.Or(numbers[i], "nothing"),
				&l.root.candidates[i]))
		}
	}
	return fmt.Errorf("%s: %w", strings.Join(each, "; "), refuse.ErrAmbiguousType)
}

// SPDX-License-Identifier: Apache-2.0

package dedup

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A partition puts the types of a graph into classes, which only get more. Void has class 0 alone.
type partition struct {
	g       *Graph
	class   []uint32        // by id
	shape   []uint32        // by id: equal for types that differ at most in what they refer to
	counts  []int           // by class: how many members it has
	forward map[uint32][]ID // class to its forward declarations, if it has others beside them
	refs    edges           // from a type to those that it refers to
	users   edges           // from a type to those that refer to it
	dirty   []ID            // types that refer to one whose class changed
	marked  []bool          // by id: is in dirty
	list    []signed        // of one round, kept for its memory
}

// edges hold a list of types for each type.
type edges struct {
	from []uint32 // by id: start in to; one more than there are types
	to   []ID
}

func (e *edges) of(id ID) []ID { return e.to[e.from[id]:e.from[id+1]] }

// A signed is a type with a hash of what it looks like under the present classes.
type signed struct {
	class uint32
	hash  uint64
	id    ID
}

// refine finds the coarsest partition in which equal types refer to equal types.
func (g *Graph) refine() *partition {
	p := &partition{g: g, class: make([]uint32, len(g.starts)), marked: make([]bool, len(g.starts))}
	p.shapes()
	p.connect()
	p.start()
	for len(p.dirty) > 0 {
		p.round()
	}
	return p
}

// shapes numbers what types say of themselves, with their tags.
func (p *partition) shapes() {
	g := p.g
	tags := p.tags()
	p.shape = make([]uint32, len(g.starts))
	numbers := make(map[string]uint32)
	var key []byte
	for id := ID(1); int(id) < len(g.starts); id++ {
		if g.gone[id] {
			continue
		}
		r := g.record(id)
		key = key[:0]
		l := &layouts[r.kind()]
		for i, w := range r {
			if l.roleOf(i) != ref {
				key = binary.NativeEndian.AppendUint32(key, w)
			}
		}
		for _, t := range tags[id] {
			key = binary.NativeEndian.AppendUint64(key, t)
		}
		if k := r.kind(); k == typeinfo.KindVar || k == typeinfo.KindDatasec {
			key = binary.NativeEndian.AppendUint32(key, uint32(id))
		}
		n, ok := numbers[string(key)]
		if !ok {
			n = uint32(len(numbers) + 1)
			numbers[string(key)] = n
		}
		p.shape[id] = n
	}
}

// tags lists the tags of each type that has some, in order, each once: its name and what of the
// type it is about.
func (p *partition) tags() map[ID][]uint64 {
	g := p.g
	tags := make(map[ID][]uint64)
	for id := ID(1); int(id) < len(g.starts); id++ {
		r := g.record(id)
		if g.gone[id] || r.kind() != typeinfo.KindDeclTag {
			continue
		}
		to := ID(r[wordThird])
		tags[to] = append(tags[to], uint64(r[wordName])<<32|uint64(r[headWords]))
	}
	for id, list := range tags {
		slices.Sort(list)
		tags[id] = slices.Compact(list)
	}
	return tags
}

// connect lists what refers to what.
func (p *partition) connect() {
	g := p.g
	n := len(g.starts)
	p.refs.from, p.users.from = make([]uint32, n+1), make([]uint32, n+2)
	each := func(do func(id, to ID)) {
		for id := ID(1); int(id) < n; id++ {
			if g.gone[id] {
				continue
			}
			r := g.record(id)
			l := &layouts[r.kind()]
			for i := wordThird; i < len(r); i++ {
				if l.roleOf(i) == ref {
					do(id, ID(r[i]))
				}
			}
		}
	}
	each(func(id, to ID) {
		p.refs.from[id+1]++
		p.users.from[to+2]++
	})
	for id := 1; id <= n; id++ {
		p.refs.from[id] += p.refs.from[id-1]
		p.users.from[id+1] += p.users.from[id]
	}
	p.refs.to, p.users.to = make([]ID, p.refs.from[n]), make([]ID, p.refs.from[n])
	at := uint32(0)
	each(func(id, to ID) {
		p.refs.to[at] = to
		at++
		// users.from is shifted by one until all are in place.
		p.users.to[p.users.from[to+1]] = id
		p.users.from[to+1]++
	})
}

// start puts types into the classes that they can be in at most: of one shape, or, where a name is
// declared forward, all that have it.
func (p *partition) start() {
	g := p.g
	declared := make(map[uint64]bool)
	for id := ID(1); int(id) < len(g.starts); id++ {
		if r := g.record(id); !g.gone[id] && r.forward() && r.declares() != typeinfo.KindVoid {
			declared[declaration(r)] = true
		}
	}
	classes := make(map[uint64]uint32)
	p.counts = make([]int, 1)
	p.forward = make(map[uint32][]ID)
	for id := ID(1); int(id) < len(g.starts); id++ {
		if g.gone[id] {
			continue
		}
		r := g.record(id)
		key := uint64(p.shape[id])
		if d := declaration(r); declared[d] {
			key = d
		}
		c, ok := classes[key]
		if !ok {
			c = p.newClass()
			classes[key] = c
		}
		p.class[id] = c
		p.counts[c]++
		if r.forward() {
			p.forward[c] = append(p.forward[c], id)
		}
		p.mark(id)
	}
	for c, list := range p.forward {
		if len(list) == p.counts[c] {
			delete(p.forward, c)
		}
	}
}

// declaration numbers what can be declared forward under one name; 0 for what cannot be.
func declaration(r record) uint64 {
	k := r.declares()
	if k == typeinfo.KindVoid {
		return 0
	}
	return uint64(k)<<32 | uint64(r[wordName])
}

func (p *partition) newClass() uint32 {
	p.counts = append(p.counts, 0)
	return uint32(len(p.counts) - 1)
}

func (p *partition) mark(id ID) {
	if !p.marked[id] {
		p.marked[id] = true
		p.dirty = append(p.dirty, id)
	}
}

// round splits the classes of all dirty types.
func (p *partition) round() {
	list := p.list[:0]
	for _, id := range p.dirty {
		p.marked[id] = false
		list = append(list, signed{p.class[id], p.hash(id), id})
	}
	p.dirty, p.list = p.dirty[:0], list
	slices.SortFunc(list, func(a, b signed) int {
		return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.hash, b.hash),
			cmp.Compare(a.id, b.id))
	})
	var moves []move // made at the end: until then, all are compared under the same classes
	for i := 0; i < len(list); {
		n := i
		for n < len(list) && list[n].class == list[i].class {
			n++
		}
		moves = p.split(moves, list[i].class, list[i:n])
		i = n
	}
	for _, m := range moves {
		p.counts[p.class[m.id]]--
		p.counts[m.to]++
		p.class[m.id] = m.to
	}
	for _, m := range moves {
		for _, user := range p.users.of(m.id) {
			p.mark(user)
		}
	}
}

// A move puts a type into another class.
type move struct {
	id ID
	to uint32
}

// split splits a class with these dirty members. The others all look the same: like each other in
// an earlier round, and what they refer to has not changed since. Where the class would have two
// kinds of members that say what is in them, its forward declarations are of none.
func (p *partition) split(moves []move, class uint32, dirty []signed) []move {
	forward := p.forward[class]
	if len(forward) > 0 {
		dirty = slices.DeleteFunc(slices.Clone(dirty), func(s signed) bool {
			return p.g.record(s.id).forward()
		})
	}
	groups := p.group(dirty)
	stay := -1 // index of the group that keeps the class
	if len(dirty) == p.counts[class]-len(forward) {
		for i := range groups {
			if stay < 0 || len(groups[i]) > len(groups[stay]) {
				stay = i
			}
		}
	}
	if len(groups) == 0 || len(groups) == 1 && stay == 0 {
		return moves
	}
	if len(forward) > 0 {
		delete(p.forward, class)
		for _, group := range p.group(p.sign(forward)) {
			moves = p.moveAll(moves, group)
		}
	}
	for i, group := range groups {
		if i != stay {
			moves = p.moveAll(moves, group)
		}
	}
	return moves
}

func (p *partition) sign(ids []ID) []signed {
	list := make([]signed, len(ids))
	for i, id := range ids {
		list[i] = signed{p.class[id], p.hash(id), id}
	}
	slices.SortFunc(list, func(a, b signed) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.id, b.id))
	})
	return list
}

func (p *partition) moveAll(moves []move, group []ID) []move {
	to := p.newClass()
	for _, id := range group {
		moves = append(moves, move{id, to})
	}
	return moves
}

// group puts types that look alike together. The list is in the order of hashes, and those that
// look alike have one hash; others may have it too.
func (p *partition) group(list []signed) [][]ID {
	var groups [][]ID
	first := 0 // group of the present hash
	for i, s := range list {
		if i > 0 && list[i-1].hash != s.hash {
			first = len(groups)
		}
		at := slices.IndexFunc(groups[first:], func(g []ID) bool { return p.alike(g[0], s.id) })
		if at < 0 {
			groups = append(groups, []ID{s.id})
			continue
		}
		groups[first+at] = append(groups[first+at], s.id)
	}
	return groups
}

// hash hashes what a type looks like. That two look alike is compared, see [partition.alike].
func (p *partition) hash(id ID) uint64 {
	h := uint64(p.shape[id])
	for _, to := range p.refs.of(id) {
		h = (h ^ uint64(p.class[to])) * 0x9e3779b97f4a7c15
		h ^= h >> 29
	}
	return h
}

// alike reports whether two types look the same under the present classes.
func (p *partition) alike(a, b ID) bool {
	return p.shape[a] == p.shape[b] && slices.EqualFunc(p.refs.of(a), p.refs.of(b),
		func(x, y ID) bool { return p.class[x] == p.class[y] })
}

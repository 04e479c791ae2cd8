// SPDX-License-Identifier: Apache-2.0

package dedup

import (
	"fmt"
	"math"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// An ID numbers a type of a graph. Void is 0.
type ID uint32

// A Graph collects types. Its zero value is empty.
type Graph struct {
	words  []uint32 // of all records
	starts []uint32 // of records in words, by id; that of void means nothing
	same   []ID     // by id: the type that stands for this one; itself for most
	gone   []bool   // by id: left out

	strings map[string]uint32
	text    []string // by number
}

// MaxTypes limits the types of a graph, as the kernel does (BTF_MAX_TYPE).
const MaxTypes = 0x000fffff

// Intern returns the number of a string.
func (g *Graph) Intern(s string) uint32 {
	if s == "" {
		return 0
	}
	if n, ok := g.strings[s]; ok {
		return n
	}
	g.begin()
	n := uint32(len(g.text))
	g.strings[s], g.text = n, append(g.text, s)
	return n
}

// Add adds all types of an object and returns the first one's id: that of type n is n-1 more.
// Types that refer to some that do not exist are refused. Lists of variables are left out, since
// whoever links knows where variables are now (see [Graph.AddList]).
func (g *Graph) Add(t *typeinfo.Types, order objfile.ByteOrder) (ID, error) {
	g.begin()
	first, count := ID(len(g.starts)), t.Count()
	if uint64(first)+uint64(count) > MaxTypes || uint64(len(g.words)) > math.MaxUint32/2 {
		return 0, fmt.Errorf("more than %d types: %w", MaxTypes, refuse.ErrTooManyTypes)
	}
	// Strings of one object repeat, and are mostly looked up by the same offset.
	seen := make(map[uint32]uint32)
	for n := btf.TypeID(1); uint32(n) < count; n++ {
		raw, err := t.Raw(n)
		if err != nil {
			return 0, err
		}
		id := g.append(len(raw) / 4)
		r := g.record(id)
		l := &layouts[typeinfo.Kind(order.Uint32(raw[4:])>>24&0x1f)]
		for i := range r {
			w := order.Uint32(raw[4*i:])
			switch l.roleOf(i) {
			case name:
				if r[i], err = g.internAt(t, w, seen); err != nil {
					return 0, fmt.Errorf("type %d: %w", n, err)
				}
			case ref:
				if w >= count {
					return 0, fmt.Errorf("type %d refers to type %d of %d: %w", n, w, count-1,
						refuse.ErrBTF)
				}
				if r[i] = w; w != 0 {
					r[i] = w - 1 + uint32(first)
				}
			default:
				r[i] = w
			}
		}
		g.gone[id] = r.kind() == typeinfo.KindDatasec
	}
	return first, nil
}

// begin makes an empty graph of its zero value: with void, and the empty string.
func (g *Graph) begin() {
	if g.strings != nil {
		return
	}
	g.strings, g.text = make(map[string]uint32), []string{""}
	g.starts, g.same, g.gone = []uint32{0}, []ID{0}, []bool{false}
}

// append makes room for a record.
func (g *Graph) append(words int) ID {
	id := ID(len(g.starts))
	g.starts = append(g.starts, uint32(len(g.words)))
	g.same = append(g.same, id)
	g.gone = append(g.gone, false)
	g.words = append(g.words, make([]uint32, words)...)
	return id
}

func (g *Graph) internAt(t *typeinfo.Types, off uint32, seen map[uint32]uint32) (uint32, error) {
	if off == 0 {
		return 0, nil
	}
	if n, ok := seen[off]; ok {
		return n, nil
	}
	s, err := t.String(off)
	if err != nil {
		return 0, err
	}
	n := g.Intern(s)
	seen[off] = n
	return n, nil
}

func (g *Graph) record(id ID) record {
	end := len(g.words)
	if int(id)+1 < len(g.starts) {
		end = int(g.starts[id+1])
	}
	return g.words[g.starts[id]:end:end]
}

// Replace has another type stand for one: wherever that is referred to, it is the other. Tags of
// the one are left out, as the other has its own.
func (g *Graph) Replace(id, by ID) {
	if id != by {
		g.same[id], g.gone[id] = by, true
	}
}

// Drop leaves a type out, to which nothing may refer but tags, which are left out with it. Void
// stays.
func (g *Graph) Drop(id ID) { g.gone[id] = id != 0 }

// Dropped reports whether a type is left out, or another one stands for it.
func (g *Graph) Dropped(id ID) bool { return g.gone[id] }

// standsFor returns the type that stands for one.
func (g *Graph) standsFor(id ID) ID {
	for g.same[id] != id {
		id = g.same[id]
	}
	return id
}

// A Listed is one variable or function in a list.
type Listed struct {
	Type   ID
	Offset uint32 // in its section, bytes
	Size   uint32 // bytes
}

// AddList adds the list of variables of a section.
func (g *Graph) AddList(section string, size uint32, vars []Listed) error {
	if len(vars) > math.MaxUint16 {
		return fmt.Errorf("%d variables in a list, at most %d: %w", len(vars), math.MaxUint16,
			refuse.ErrTooManyTypes)
	}
	g.begin()
	r := g.record(g.append(headWords + 3*len(vars)))
	r[wordName] = g.Intern(section)
	r[wordInfo] = uint32(typeinfo.KindDatasec)<<24 | uint32(len(vars))
	r[wordThird] = size
	for i, v := range vars {
		copy(r[headWords+3*i:], []uint32{uint32(v.Type), v.Offset, v.Size})
	}
	return nil
}

// resolve leaves out tags of what is left out, and has all references lead to what stands for
// their targets. A reference to something that is left out altogether is refused.
func (g *Graph) resolve() error {
	for id := ID(1); int(id) < len(g.starts); id++ {
		r := g.record(id)
		if r.kind() == typeinfo.KindDeclTag && g.gone[r[wordThird]] {
			g.gone[id] = true
		}
	}
	for id := ID(1); int(id) < len(g.starts); id++ {
		if g.gone[id] {
			continue
		}
		r := g.record(id)
		l := &layouts[r.kind()]
		for i := wordThird; i < len(r); i++ {
			if l.roleOf(i) != ref {
				continue
			}
			to := g.standsFor(ID(r[i]))
			if g.gone[to] {
				return fmt.Errorf("%v %s refers to a list of variables: %w", r.kind(),
					g.text[r[wordName]], refuse.ErrBTF)
			}
			r[i] = uint32(to)
		}
	}
	return nil
}

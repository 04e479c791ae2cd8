// SPDX-License-Identifier: Apache-2.0

package dedup

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A source writes BTF.
type source struct {
	types, text []byte
	n           uint32
}

var order objfile.ByteOrder = binary.LittleEndian

func (s *source) name(name string) uint32 {
	if name == "" {
		return 0
	}
	if len(s.text) == 0 {
		s.text = []byte{0}
	}
	off := uint32(len(s.text))
	s.text = append(append(s.text, name...), 0)
	return off
}

// add adds a type and returns its id.
func (s *source) add(kind typeinfo.Kind, name string, count int, flag bool, third uint32,
	more ...uint32) uint32 {
	info := uint32(kind)<<24 | uint32(count)
	if flag {
		info |= 1 << 31
	}
	for _, w := range append([]uint32{s.name(name), info, third}, more...) {
		s.types = order.AppendUint32(s.types, w)
	}
	s.n++
	return s.n
}

func (s *source) int(name string, size uint32) uint32 {
	return s.add(typeinfo.KindInt, name, 0, false, size, size*8)
}

func (s *source) pointer(to uint32) uint32 {
	return s.add(typeinfo.KindPtr, "", 0, false, to)
}

// composite adds a struct or union whose members are all at 0.
func (s *source) composite(kind typeinfo.Kind, name string, members ...uint32) uint32 {
	var words []uint32
	for i, m := range members {
		words = append(words, s.name(fmt.Sprint("m", i)), m, 0)
	}
	return s.add(kind, name, len(members), false, 8, words...)
}

func (s *source) structure(name string, members ...uint32) uint32 {
	return s.composite(typeinfo.KindStruct, name, members...)
}

func (s *source) forward(name string, union bool) uint32 {
	return s.add(typeinfo.KindFwd, name, 0, union, 0)
}

func (s *source) tag(name string, to uint32) uint32 {
	return s.add(typeinfo.KindDeclTag, name, 0, false, to, ^uint32(0))
}

// bytes returns all of it, as section .BTF has it.
func (s *source) bytes() []byte {
	text := s.text
	if len(text) == 0 {
		text = []byte{0}
	}
	b := BTF{order: order, types: s.types, strings: text}
	return b.Bytes()
}

func parse(t testing.TB, data []byte) *typeinfo.Types {
	t.Helper()
	types, err := typeinfo.Parse(&objfile.File{Order: order,
		Sections: []objfile.Section{{}, {Name: typeinfo.Section, Data: data}}})
	if err != nil {
		t.Fatal(err)
	}
	return types
}

// dedup joins sources.
func dedup(t testing.TB, sources ...*source) *BTF {
	t.Helper()
	var g Graph
	for _, s := range sources {
		if _, err := g.Add(parse(t, s.bytes()), order); err != nil {
			t.Fatal(err)
		}
	}
	b, err := g.Dedup(order)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// of makes a source.
func of(fill func(s *source)) *source {
	s := &source{}
	fill(s)
	return s
}

func TestEqualTypesAreKeptOnce(t *testing.T) {
	list := func(s *source) { // struct list { struct list *m0; int m1; }
		s.structure("list", 2, 3)
		s.pointer(1)
		s.int("int", 4)
	}
	listOtherwise := func(s *source) {
		s.int("int", 4)
		s.structure("list", 3, 1)
		s.pointer(2)
	}
	listOfLongs := func(s *source) {
		s.structure("list", 2, 3)
		s.pointer(1)
		s.int("long", 8)
	}
	// a knows b only by name, b knows a only by name, both knows all.
	a := func(s *source) { s.structure("a", s.pointer(s.forward("b", false))) }
	b := func(s *source) { s.structure("b", s.pointer(s.forward("a", false))) }
	both := func(s *source) {
		s.structure("a", 2)
		s.pointer(3)
		s.structure("b", 4)
		s.pointer(1)
	}
	bWith := func(n uint32) func(s *source) {
		return func(s *source) {
			s.structure("a", s.pointer(s.structure("b", s.int("int", n))))
		}
	}
	enum := func(values ...uint32) func(s *source) {
		return func(s *source) {
			var words []uint32
			for i, v := range values {
				words = append(words, s.name(fmt.Sprint("v", i)), v)
			}
			s.pointer(s.add(typeinfo.KindEnum, "e", len(values), false, 4, words...))
		}
	}
	tagged := func(tags ...string) func(s *source) {
		return func(s *source) {
			id := s.structure("t", s.int("int", 4))
			for _, tag := range tags {
				s.tag(tag, id)
			}
		}
	}
	proto := func(name string) func(s *source) {
		return func(s *source) {
			s.int("int", 4)
			s.add(typeinfo.KindFuncProto, "", 1, false, 1, s.name(name), 1)
		}
	}
	variable := func(s *source) {
		s.add(typeinfo.KindVar, "v", 0, false, s.int("int", 4), 0)
	}
	for _, c := range []struct {
		name    string
		sources []func(s *source)
		want    int // types
	}{
		{"the same twice", []func(*source){list, list}, 3},
		{"in another order", []func(*source){list, listOtherwise}, 3},
		{"another member", []func(*source){list, listOfLongs}, 6},
		{"forward declarations of each other", []func(*source){a, b}, 4},
		{"forward declarations beside all", []func(*source){a, b, both}, 4},
		{"all first", []func(*source){both, a, b}, 4},
		{"forward declaration of two structs", []func(*source){a, bWith(4), bWith(8)}, 3 + 4 + 4},
		{"forward declaration of one struct", []func(*source){a, bWith(4), bWith(4)}, 4},
		{"forward declaration of a union", []func(*source){a, func(s *source) {
			s.composite(typeinfo.KindUnion, "b", s.int("int", 4))
		}}, 5},
		{"forward declaration of an enum", []func(*source){enum(), enum(1, 2)}, 2},
		{"enums of two values", []func(*source){enum(1), enum(2)}, 4},
		{"forward declaration of two enums", []func(*source){enum(), enum(1), enum(2)}, 6},
		{"the same tags", []func(*source){tagged("x", "y"), tagged("y", "x")}, 4},
		{"tags of one", []func(*source){tagged("x"), tagged()}, 4},
		{"names of parameters", []func(*source){proto("x"), proto("y")}, 3},
		{"functions", []func(*source){proto("x"), proto("x")}, 2},
		{"variables", []func(*source){variable, variable}, 3},
		{"nothing", []func(*source){func(*source) {}}, 0},
	} {
		var sources []*source
		for _, fill := range c.sources {
			sources = append(sources, of(fill))
		}
		if got := dedup(t, sources...).Count(); got != c.want {
			t.Errorf("%s: %d types, want %d", c.name, got, c.want)
		}
		slices.Reverse(sources)
		if got := dedup(t, sources...).Count(); got != c.want {
			t.Errorf("%s, the other way round: %d types, want %d", c.name, got, c.want)
		}
	}
}

// The one that is kept says what is in it, whatever comes first.
func TestWholeTypeStandsForForwardDeclaration(t *testing.T) {
	first := of(func(s *source) { s.pointer(s.forward("b", false)) })
	second := of(func(s *source) { s.structure("b", s.int("int", 4)) })
	data := dedup(t, first, second).Bytes()
	types := parse(t, data)
	for id := 1; id < int(types.Count()); id++ {
		if r, err := types.Type(1); err != nil || r.Kind == typeinfo.KindFwd {
			t.Errorf("type %d: %+v, %v", id, r, err)
		}
	}
}

// random makes a source with cycles, forward declarations and many types of one name.
func random(r *rand.Rand) *source {
	s := &source{}
	n := uint32(1 + r.IntN(12))
	for s.n < n {
		to := func() uint32 { return r.Uint32N(n + 1) }
		name := string('a' + rune(r.IntN(2)))
		switch r.IntN(7) {
		case 0:
			s.int("int", 4<<r.IntN(2))
		case 1, 2:
			s.pointer(to())
		case 3:
			s.forward(name, false)
		case 4:
			s.structure(name, to(), to())
		case 5:
			s.structure(name, to())
		case 6:
			s.add(typeinfo.KindConst, "", 0, false, to())
		}
	}
	return s
}

// naive finds classes as the rule says it: all that could be equal are, until two are found that
// differ.
func naive(g *Graph) []int {
	class := make([]int, len(g.starts))
	declared := make(map[string]bool)
	for id := 1; id < len(g.starts); id++ {
		if r := g.record(ID(id)); r.forward() {
			declared[fmt.Sprint(r.declares(), r[wordName])] = true
		}
	}
	look := func(id int) string {
		r := g.record(ID(id))
		var b bytes.Buffer
		for i, w := range r {
			if layouts[r.kind()].roleOf(i) == ref {
				w = uint32(class[w])
			}
			fmt.Fprint(&b, w, " ")
		}
		return b.String()
	}
	for first := true; ; first = false {
		numbers := make(map[string]int)
		next := make([]int, len(class))
		whole := make(map[int]map[string]bool) // class to the looks of its members
		for id := 1; id < len(class); id++ {
			if !g.record(ID(id)).forward() {
				if whole[class[id]] == nil {
					whole[class[id]] = make(map[string]bool)
				}
				whole[class[id]][look(id)] = true
			}
		}
		for id := 1; id < len(class); id++ {
			r := g.record(ID(id))
			key := fmt.Sprint(class[id], ": ", look(id))
			d := fmt.Sprint(r.declares(), r[wordName])
			switch {
			case first && r.declares() != 0 && declared[d]:
				key = d
			case !first && r.forward() && len(whole[class[id]]) == 1:
				for l := range whole[class[id]] {
					key = fmt.Sprint(class[id], ": ", l)
				}
			}
			if numbers[key] == 0 {
				numbers[key] = len(numbers) + 1
			}
			next[id] = numbers[key]
		}
		if !first && slices.Equal(next, class) {
			return class
		}
		class = next
	}
}

func TestRandomTypesAreTheRulesClasses(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 3000 {
		var g Graph
		for range 1 + r.IntN(3) {
			if _, err := g.Add(parse(t, random(r).bytes()), order); err != nil {
				t.Fatal(err)
			}
		}
		if err := g.resolve(); err != nil {
			t.Fatal(err)
		}
		want, got := naive(&g), g.refine().class
		for a := 1; a < len(got); a++ {
			for b := a + 1; b < len(got); b++ {
				if (want[a] == want[b]) != (got[a] == got[b]) {
					t.Fatalf("graph %d: types %d and %d: equal %v, want %v", i, a, b,
						got[a] == got[b], want[a] == want[b])
				}
			}
		}
	}
}

func TestDedupOfItsResultChangesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 3000 {
		once := dedup(t, random(r), random(r)).Bytes()
		var g Graph
		if _, err := g.Add(parse(t, once), order); err != nil {
			t.Fatal(err)
		}
		twice, err := g.Dedup(order)
		if err != nil || !bytes.Equal(once, twice.Bytes()) {
			t.Fatalf("graph %d: %d and %d bytes, %v", i, len(once), len(twice.Bytes()), err)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package linking

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/linked"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// What the programs of a set of linked objects return, in the order in which they run.
type outcome struct {
	program string
	returns uint32
}

// outcomes say what linked objects do, by the names of their sets in package linked.
var outcomes = map[string][]outcome{
	"chain":    {{"run_first", 33}, {"run_second", 17}, {"run_third", 6}},
	"function": {{"call", 1005}, {"run", 1005}, {"run_weak", 1005}},
	"kconfig":  {{"read", 7}, {"read_other", 7}},
	"map":      {{"store", 2}, {"lookup", 11}, {"lookup_again", 11}},
	"metadata": {{"first", 2}, {"second", 2}},
	"rodata":   {{"read", 9}, {"read_own", 700}, {"write", 9}},
	"static": {{"read", 7}, {"write_static", 110}, {"write", 17}, {"write_static", 120},
		{"read", 17}, {"read_own", 700}},
	"struct":   {{"own", 78}, {"read", 78}},
	"variable": {{"read", 7}, {"write", 17}, {"write_weak", 27}, {"read_own", 700}},
}

// expectOutcome expects that a linked object does what its parts do together.
func expectOutcome(loaded *Attempt, set string) {
	Expect(outcomes).To(HaveKey(set))
	for _, o := range outcomes[set] {
		expectRuns(loaded, o.program, o.returns)
	}
}

// loadForeign loads what another linker linked.
func loadForeign(s *Session, o linked.Object) *Attempt {
	s.NeedsLittleEndian()
	if o.Set == "kconfig" {
		return s.MustLoad(o, option)
	}
	return s.MustLoad(o)
}

// foreign lists what other linkers linked of the sets that it is asked for.
func foreign(sets ...string) []Case[linked.Object] {
	var all []Case[linked.Object]
	for _, o := range linked.All() {
		for _, set := range sets {
			if o.Set == set {
				all = append(all, Entry(o.Name(), o))
			}
		}
	}
	return all
}

var _ = Table("linking.foreign.loads", func(s *Session, o linked.Object) {
	expectOutcome(loadForeign(s, o), o.Set)
}, foreign("chain", "function", "map", "metadata", "rodata", "static", "struct", "variable")...)

var _ = Table("linking.foreign.kconfig", func(s *Session, o linked.Object) {
	expectOutcome(loadForeign(s, o), o.Set)
}, foreign("kconfig")...)

var _ = Table("linking.foreign.structure", func(s *Session, o linked.Object) {
	expectBoth(loadForeign(s, o))
}, foreign("structure")...)

// A made map says what the kernel has of a map, but for its name, which loaders form of the file's.
type made struct {
	typ                        string
	key, value, entries, flags uint32
}

// madeOf returns the maps of a loaded object, and the tags of its programs.
func madeOf(loaded *Attempt, set linked.Set) (maps []made, tags map[string]string) {
	for _, name := range loaded.MapNames() {
		m := loaded.Map(name)
		maps = append(maps, made{m.Type, m.KeySize, m.ValueSize, m.MaxEntries, m.Flags})
	}
	tags = map[string]string{}
	for _, o := range outcomes[set.Name] {
		tags[o.program] = loaded.Program(o.program).Tag
	}
	return maps, tags
}

// built returns the objects of a set by their names.
func built(set linked.Set) []Object {
	var all []Object
	for _, name := range set.Objects {
		all = append(all, objects.Named("linking", name))
	}
	return all
}

var _ = Table("linking.foreign.same-programs", func(s *Session, set linked.Set) {
	s.NeedsLittleEndian()
	maps, tags := madeOf(s.MustLoad(s.MustLink(built(set)...)), set)
	for _, linker := range linked.Linkers {
		theirMaps, theirTags := madeOf(loadForeign(s, linked.Object{Linker: linker, Set: set.Name}),
			set)
		Expect(theirTags).To(Equal(tags), linker)
		Expect(theirMaps).To(ConsistOf(maps), linker)
	}
}, sets()...)

// sets are those whose programs return something, each with its name, and without externs.
func sets() []Case[linked.Set] {
	var all []Case[linked.Set]
	for _, set := range linked.Sets {
		if _, runs := outcomes[set.Name]; runs && set.Name != "kconfig" {
			all = append(all, Entry(set.Name, set))
		}
	}
	return all
}

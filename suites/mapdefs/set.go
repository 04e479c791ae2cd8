// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	"github.com/cilium/ebpf"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A setting is one attribute of a map that a caller changes.
type setting struct {
	attribute loader.Attribute
	value     any
}

// A change holds what a caller changes of map m, and what the kernel has to make of it.
type change struct {
	object   objects.Object
	settings []setting
	made     func(*oracle.MapFacts) // of the map as it is by its definition
	arena    bool                   // it becomes an arena, which not every kernel makes
}

// arenaAt is where an arena is to be mapped. The number does not fit in 32 bits, and the kernel
// takes an arena at what fits of it, too.
const arenaAt = 1<<44 + 1<<16

// The maps have no types, which would have to go where a size changes.
var changes = []Case[change]{
	Entry("type", change{
		objects.MapDefs.SizeByNumber, []setting{{MapType, int(ebpf.LRUHash)}},
		func(m *oracle.MapFacts) { m.Type = "lru_hash" }, false,
	}),
	Entry("key_size", change{
		objects.MapDefs.SizeByNumber, []setting{{KeySize, 12}},
		func(m *oracle.MapFacts) { m.KeySize = 12 }, false,
	}),
	Entry("value_size", change{
		objects.MapDefs.SizeByNumber, []setting{{ValueSize, 20}},
		func(m *oracle.MapFacts) { m.ValueSize = 20 }, false,
	}),
	Entry("max_entries", change{
		objects.MapDefs.SizeByNumber, []setting{{MaxEntries, 9}},
		func(m *oracle.MapFacts) { m.MaxEntries = 9 }, false,
	}),
	Entry("map_flags", change{
		objects.MapDefs.SizeByNumber, []setting{{MapFlags, noPrealloc}},
		func(m *oracle.MapFacts) { m.Flags = noPrealloc }, false,
	}),
	Entry("map_extra", change{
		objects.MapDefs.MapExtra, []setting{{MapExtra, 5}},
		func(m *oracle.MapFacts) { m.Extra = 5 }, false,
	}),
	Entry("map_extra-long", change{
		objects.MapDefs.SizeByNumber, []setting{
			{MapType, int(ebpf.Arena)}, {KeySize, 0}, {ValueSize, 0}, {MapFlags, mmapable},
			{MapExtra, arenaAt},
		},
		func(m *oracle.MapFacts) {
			m.Type, m.KeySize, m.ValueSize, m.Flags, m.Extra = "arena", 0, 0, mmapable, arenaAt
		},
		true,
	}),
}

// load returns the object as it is loaded with the change, and what the kernel has to show of m.
func (c change) load(s *Session) (changed *Attempt, want oracle.MapFacts) {
	plain := s.MustLoad(c.object)
	want = plain.Map("m")
	plain.Close()
	c.made(&want)
	changed = s.Open(c.object)
	for _, set := range c.settings {
		changed.SetMap("m", set.attribute, set.value)
	}
	return changed.Load(), want
}

// A loader without such a request says so, and that is an answer: it did not make another map in
// silence.
var _ = Table("mapdefs.set.not-ignored", func(s *Session, c change) {
	before := s.Kernel()
	changed, want := c.load(s)
	if !changed.OK() {
		changed.Close()
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
		return
	}
	Expect(changed.Map("m")).To(BeTheSameMapAs(want))
}, changes...)

var _ = Table("mapdefs.set.changed", func(s *Session, c change) {
	changed, want := c.load(s)
	if c.arena {
		if err := s.ArenaFails(arenaAt, 1); err != nil {
			Expect(changed).To(BeRejected(AtAnyStage), "the kernel says %v", err)
			s.SkipArena(err)
		}
	}
	Expect(changed).To(BeOK())
	Expect(changed.Map("m")).To(BeTheSameMapAs(want))
}, changes...)

var _ = It("mapdefs.set.program-type-not-ignored", func(s *Session) {
	s.Control(objects.MapDefs.NoMaps)
	before := s.Kernel()
	changed := s.Open(objects.MapDefs.NoMaps).SetProgram("pass", ProgramType, "tc").Load()
	if !changed.OK() {
		changed.Close()
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
		return
	}
	Expect(changed.Program("pass").Type).To(Equal("sched_cls"))
})

var _ = It("mapdefs.set.program-type", func(s *Session) {
	changed := s.Open(objects.MapDefs.NoMaps).SetProgram("pass", ProgramType, "tc").Load()
	Expect(changed).To(BeOK())
	Expect(changed.Program("pass").Type).To(Equal("sched_cls"))
})

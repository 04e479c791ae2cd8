// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A loaded map is not enough: the program has to use it. What the program did is read from the map
// by the id that the loader gave.

var _ = It("mapdefs.use.program-sees-map", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.Counter)
	loaded.Run("count")
	loaded.Run("count")
	Expect(loaded.Lookup("counts", U32(0))).To(Equal(U64(2)))
})

var _ = It("mapdefs.use.program-sees-map/hash", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.HashUse)
	loaded.Run("store")
	Expect(loaded.Lookup("m", U32(7))).To(Equal(U64(77)))
})

var _ = It("mapdefs.use.program-sees-map/queue", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.QueueUse)
	loaded.Run("push")
	Expect(loaded.Lookup("m", nil)).To(Equal(U64(99)))
})

var _ = It("mapdefs.use.program-sees-map/third-of-four", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.Several)
	loaded.Run("write_third")
	Expect(loaded.Lookup("third", U32(2))).To(Equal(U64(333)))
	Expect(loaded.Program("write_third").Maps).To(ConsistOf(loaded.MapID("third")))
})

var _ = It("mapdefs.use.program-sees-map/shared", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.Shared)
	loaded.Run("add_one")
	loaded.Run("add_ten")
	Expect(loaded.Lookup("counts", U32(0))).To(Equal(U64(11)))
})

var _ = It("mapdefs.use.program-sees-map/subprogram", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.Subprogram)
	loaded.Run("count")
	Expect(loaded.Lookup("counts", U32(0))).To(Equal(U64(5)))
})

var _ = It("mapdefs.use.program-sees-map/loaded-twice", func(s *Session) {
	first := s.MustLoad(objects.MapDefs.Counter)
	second := s.MustLoad(objects.MapDefs.Counter)
	first.Run("count")
	Expect(first.Lookup("counts", U32(0))).To(Equal(U64(1)))
	Expect(second.Lookup("counts", U32(0))).To(Equal(U64(0)))
})

var _ = It("mapdefs.use.no-maps", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.NoMaps)
	const pass = 2 // XDP_PASS
	Expect(loaded.Run("pass")).To(Equal(uint32(pass)))
})

var _ = It("mapdefs.btf.lock-in-value", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.SpinLock)
	loaded.Run("locked_count")
	Expect(loaded.Lookup("m", U32(0))).To(HaveSuffix(string(U32(1))))
})

var _ = It("mapdefs.set.max-entries", func(s *Session) {
	plain := s.MustLoad(objects.MapDefs.Plain).Map("m")
	larger := s.Open(objects.MapDefs.Plain).SetMap("m", MaxEntries, 9).Load()
	Expect(larger).To(BeOK())
	plain.MaxEntries = 9
	Expect(larger.Map("m")).To(BeTheSameMapAs(plain))
})

var _ = It("mapdefs.set.left-out", func(s *Session) {
	before := s.Kernel()
	loaded := s.Open(objects.MapDefs.Several).SetMap("second", AutoCreate, false).Load()
	Expect(loaded).To(BeOK())
	Eventually(newMaps).WithArguments(s, before).WithTimeout(s.Patience(settles)).Should(
		Equal([]string{"first", "fourth", "third"}))
})

// What a program lacks is found when it is relocated, or by the verifier.
var _ = It("mapdefs.set.left-out-needed-refused", func(s *Session) {
	before := s.Kernel()
	s.Control(objects.MapDefs.Counter)
	Expect(s.Open(objects.MapDefs.Counter).SetMap("counts", AutoCreate, false).Load()).To(
		BeRejected(AtLoad, Unresolved, NotFound, BadRelocation, Invalid, Verifier, Permission))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

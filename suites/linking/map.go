// SPDX-License-Identifier: Apache-2.0

package linking

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var (
	definedMap = &objects.Linking.Map
	mapUser    = &objects.Linking.MapUser
)

// expectRuns expects what a program returns.
func expectRuns(loaded *Attempt, program string, want uint32) {
	Expect(loaded.Run(program)).To(Equal(want), "what %s returns", program)
}

var _ = Table("linking.map.extern", func(s *Session, o order) {
	loaded := s.MustLoadLinked(o.two(definedMap, mapUser)...)
	expectRuns(loaded, "store", 2)
	expectRuns(loaded, "lookup", 11)
	Expect(loaded.Lookup("shared", U32(0))).To(Equal(U64(11)))
	Expect(loaded.Lookup("own", U32(0))).To(Equal(U32(21)))
},
	Entry("defined-first", asWritten),
	Entry("defined-last", reversed),
)

var _ = Table("linking.map.both-extern", func(s *Session, o order) {
	loaded := s.MustLoadLinked(o.two(objects.Linking.MutualFirst, objects.Linking.MutualSecond)...)
	loaded.Run("use_first")
	Expect(loaded.Lookup("first", U32(1))).To(Equal(U64(31)))
	Expect(loaded.Lookup("second", U32(1))).To(Equal(U64(31)))
	loaded.Run("use_second")
	Expect(loaded.Lookup("first", U32(1))).To(Equal(U64(47)))
	Expect(loaded.Lookup("second", U32(1))).To(Equal(U64(47)))
},
	Entry("one", asWritten),
	Entry("other", reversed),
)

var _ = Table("linking.map.first-weak-wins", func(s *Session, o order) {
	loaded := s.MustLoadLinked(o.two(objects.Linking.MapWeak, objects.Linking.MapWeakOther)...)
	Expect(loaded.Map("shared").MaxEntries).To(Equal(uint32(8)))
	loaded.Run("store_weak")
	Expect(loaded.Lookup("shared", U32(0))).To(Equal(U64(12)))
	loaded.Run("store_other")
	Expect(loaded.Lookup("shared", U32(0))).To(Equal(U64(13)))
},
	Entry("one", asWritten),
	Entry("other", reversed),
)

// What is left of the definition that lost has no name, in front of the other or behind it.
var _ = Table("linking.map.legacy-weak", func(s *Session, w weakling) {
	loaded := s.MustLoadLinked(w.order.two(objects.Linking.Legacy, objects.Linking.LegacyOther)...)
	Expect(loaded.Map("shared").MaxEntries).To(Equal(w.adds))
	loaded.Run("store")
	Expect(loaded.Lookup("shared", U32(0))).To(Equal(U64(51)))
	loaded.Run("store_other")
	Expect(loaded.Lookup("shared", U32(0))).To(Equal(U64(52)))
},
	Entry("one", weakling{asWritten, 4}),
	Entry("other", weakling{reversed, 5}),
)

var _ = Table("linking.map.extern-in-several", func(s *Session, places string) {
	loaded := s.MustLoadLinked(
		ordered(places, definedMap, mapUser, objects.Linking.MapUserAgain)...)
	expectRuns(loaded, "store", 2)
	expectRuns(loaded, "lookup", 11)
	expectRuns(loaded, "lookup_again", 11)
	shared := loaded.MapID("shared")
	Expect(loaded.Program("lookup").Maps).To(ConsistOf(shared, loaded.MapID("own")))
	Expect(loaded.Program("lookup_again").Maps).To(ConsistOf(shared, loaded.MapID("own_again")))
}, orders...)

var _ = Table("linking.map.extern-of-maps", func(s *Session, o order) {
	loaded := s.MustLoadLinked(o.two(objects.Linking.Outer, objects.Linking.OuterUser)...)
	expectRuns(loaded, "own", 2)
	expectRuns(loaded, "read", 2)
	Expect(loaded.Map("shared").MaxEntries).To(Equal(uint32(4)))
},
	Entry("defined-first", asWritten),
	Entry("defined-last", reversed),
)

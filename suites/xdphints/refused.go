// SPDX-License-Identifier: Apache-2.0

package xdphints

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A demand pairs a program that cannot do without something with types that have it not.
type demand struct {
	program, without objects.Object
	with             objects.Object // types that have it, for the control
}

// needs returns a demand for a field of the structure.
func needs(program, without objects.Object) demand {
	return demand{program, without, objects.XDPHints.TargetSame}
}

// mustRefuse expects that a program is refused where what it needs is missing, and that nothing is
// left. How far a loader comes is its own: it may leave it to the verifier.
func mustRefuse(s *Session, d demand) {
	s.Control(d.program, against(s, d.with))
	before := s.Kernel()
	Expect(s.Load(d.program, against(s, d.without))).To(BeRejected(AtLoad))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
}

var _ = Table("xdphints.field.missing-refused", mustRefuse,
	Entry("anonymous-named", needs(objects.XDPHints.LiveThird, objects.XDPHints.TargetAnonymousNamed)),
	Entry("array-none", needs(objects.XDPHints.LiveSlot, objects.XDPHints.TargetArrayNone)),
	Entry("array-shorter", needs(objects.XDPHints.LiveSlot, objects.XDPHints.TargetArrayShorter)),
	Entry("hash-array", needs(objects.XDPHints.LiveHash, objects.XDPHints.TargetHashArray)),
	Entry("hash-pointer", needs(objects.XDPHints.LiveHash, objects.XDPHints.TargetHashPointer)),
	Entry("kind-number", needs(objects.XDPHints.LiveKind, objects.XDPHints.TargetKindNumber)),
	Entry("renamed", needs(objects.XDPHints.LiveHash, objects.XDPHints.TargetRenamed)),
	Entry("ring-number", needs(objects.XDPHints.LiveRing, objects.XDPHints.TargetRingNumber)),
	Entry("structure-other", needs(objects.XDPHints.LiveHash, objects.XDPHints.TargetOther)),
	Entry("structure-union", needs(objects.XDPHints.LiveHash, objects.XDPHints.TargetUnion)),
	Entry("tag-deeper", needs(objects.XDPHints.LiveDeep, objects.XDPHints.TargetTagDeeper)),
	Entry("tag-none", needs(objects.XDPHints.LiveDeep, objects.XDPHints.TargetTagNone)),
	Entry("tag-number", needs(objects.XDPHints.LiveDeep, objects.XDPHints.TargetTagNumber)),
	Entry("tag-pointer", needs(objects.XDPHints.LiveDeep, objects.XDPHints.TargetTagPointer)),
)

// What the verifier sees not to run has a tag all the same, by which a program is known.
var _ = Table("xdphints.field.missing-tag", func(s *Session, program string) {
	loaded := s.MustLoad(objects.XDPHints.Poison, against(s, objects.XDPHints.TargetRenamed))
	relocated, written := loaded.Program(program), loaded.Program(program+"_written")
	Expect(relocated.Tag).To(Equal(written.Tag), "tag of %s, and of the same as it is written", program)
},
	Entry("access", "access"),
	Entry("number", "number"),
)

// Of more bytes than a program loads, the upper ones would have the sign.
var _ = Table("xdphints.field.sign-widened-refused", mustRefuse,
	Entry("level", needs(objects.XDPHints.LiveLevel, objects.XDPHints.TargetLevelWider)),
)

// Where two structures have the name, and differ, no one can say which is meant.
var _ = Table("xdphints.field.ambiguous-refused", mustRefuse,
	Entry("halves", needs(objects.XDPHints.LiveBoth, objects.XDPHints.TargetHalves)),
	Entry("two", needs(objects.XDPHints.LiveHash, objects.XDPHints.TargetTwo)),
)

var _ = Table("xdphints.enumerator.missing-refused", mustRefuse,
	Entry("enumeration", demand{objects.XDPHints.LiveName, objects.XDPHints.TypesNone,
		objects.XDPHints.TypesSame}),
	Entry("name", demand{objects.XDPHints.LiveName, objects.XDPHints.TypesChoices,
		objects.XDPHints.TypesSame}),
)

// What comes after three underscores tells variants of a structure apart in an object, and is no
// part of its name.
var _ = It("xdphints.field.flavor", func(s *Session) {
	mustReadHash(s, objects.XDPHints.LiveFlavor, objects.XDPHints.TargetMoved)
})

var _ = It("xdphints.field.flavor-other-refused", func(s *Session) {
	same := against(s, objects.XDPHints.TargetSame)
	s.Control(objects.XDPHints.LiveHash, same)
	before := s.Kernel()
	Expect(s.Load(objects.XDPHints.LiveWrong, same)).To(BeRejected(AtLoad))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

// Two structures that agree in what is asked for are as good as one.
var _ = It("xdphints.field.agreed", func(s *Session) {
	mustReadHash(s, objects.XDPHints.LiveHash, objects.XDPHints.TargetTwice)
})

// mustReadHash loads a program that reads one field, and expects its value.
func mustReadHash(s *Session, program, types objects.Object) {
	loaded := s.MustLoad(program, against(s, types))
	at, err := find(structIn(s, typesOf(s, types), metaName), "hash")
	s.MustWork(err)
	packet := packet()
	at.put(packet[metaAt:], 0x89abcdef)
	Expect(answersOf(loaded, packet, 1)).To(Equal([]uint64{0x89abcdef}))
}

// SPDX-License-Identifier: Apache-2.0

package xdphints

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// mustTell loads a program that asks one thing of each field, and expects the answers, 0 of a field
// that is missing.
func mustTell(s *Session, program objects.Object, f form, answer func(field, place) uint64) {
	loaded := s.MustLoad(program, against(s, f.types))
	want := make([]uint64, len(fields))
	for i, at := range f.places(s) {
		if at != nil {
			want[i] = answer(fields[i], *at)
		}
	}
	Expect(answersOf(loaded, packet(), len(fields))).To(Equal(want), "of %v", paths())
}

// inWord says in which bytes programs read a field of bits: a word of the size of its type, or of
// more where it goes beyond it, as libbpf has it (bpf_core_calc_field_relo).
func (p place) inWord() (offset, size uint32) {
	if p.size%8 == 0 && p.offset%8 == 0 {
		return p.offset / 8, p.size / 8
	}
	const word = 32 // of the types of all fields of bits in these structures
	offset, size = p.offset/word*word, word
	for p.offset+p.size-offset > size {
		size *= 2
		offset = p.offset / size * size
	}
	return offset / 8, size / 8
}

var _ = Table("xdphints.field.offset", func(s *Session, f form) {
	mustTell(s, objects.XDPHints.Offset, f, func(_ field, at place) uint64 {
		offset, _ := at.inWord()
		return uint64(offset)
	})
},
	Entry("anonymous-deeper", like(objects.XDPHints.TargetAnonymousDeeper)),
	Entry("array-longer", like(objects.XDPHints.TargetArrayLonger)),
	Entry("bits-moved", like(objects.XDPHints.TargetBitsMoved)),
	Entry("flavor", named(objects.XDPHints.TargetFlavor, "loadstone_meta___second")),
	Entry("moved", like(objects.XDPHints.TargetMoved)),
	Entry("nested-moved", like(objects.XDPHints.TargetNestedMoved)),
	Entry("renamed", like(objects.XDPHints.TargetRenamed, "hash")),
	Entry("same", like(objects.XDPHints.TargetSame)),
)

var _ = Table("xdphints.field.size", func(s *Session, f form) {
	mustTell(s, objects.XDPHints.Size, f, func(_ field, at place) uint64 {
		_, size := at.inWord()
		return uint64(size)
	})
},
	Entry("array-wider", like(objects.XDPHints.TargetArrayWider)),
	Entry("bits-plain", like(objects.XDPHints.TargetBitsPlain)),
	Entry("level-wider", like(objects.XDPHints.TargetLevelWider)),
	Entry("missing", like(objects.XDPHints.TargetTagNone, tags...)),
	Entry("same", like(objects.XDPHints.TargetSame)),
	Entry("wider", like(objects.XDPHints.TargetWider)),
)

var _ = Table("xdphints.field.exists", func(s *Session, f form) {
	mustTell(s, objects.XDPHints.Exists, f, func(field, place) uint64 { return 1 })
},
	Entry("array-shorter", like(objects.XDPHints.TargetArrayShorter, "slots[2]")),
	Entry("level-wider", like(objects.XDPHints.TargetLevelWider)),
	Entry("renamed", like(objects.XDPHints.TargetRenamed, "hash")),
	Entry("same", like(objects.XDPHints.TargetSame)),
	Entry("structure-union", like(objects.XDPHints.TargetUnion, lacksAll...)),
	Entry("tag-deeper", like(objects.XDPHints.TargetTagDeeper, tags...)),
)

var _ = Table("xdphints.field.sign", func(s *Session, f form) {
	mustTell(s, objects.XDPHints.Sign, f, func(_ field, at place) uint64 {
		if at.signed {
			return 1
		}
		return 0 // also of what the program does not ask for
	})
},
	Entry("bits-plain", like(objects.XDPHints.TargetBitsPlain)),
	Entry("same", like(objects.XDPHints.TargetSame)),
	Entry("unsigned", like(objects.XDPHints.TargetLevelUnsigned)),
)

// What a program is told of a field of bits has it find the value: it loads so many bytes, moves
// the value to the left, and back.
var _ = Table("xdphints.field.shift", func(s *Session, f form) {
	loaded := s.MustLoad(objects.XDPHints.Shift, against(s, f.types))
	places := f.places(s)
	answers := answersOf(loaded, packet(), 10)
	for i := 14; i < len(fields); i++ {
		packet := packet()
		places[i].put(packet[metaAt:], valueOf(i))
		told := answers[5*(i-14):]
		word := load(packet[metaAt+told[0]:], told[1])
		Expect(told[4] == 1).To(Equal(places[i].signed), "sign of %s", fields[i].path)
		got := word << told[2] >> told[3]
		if places[i].signed {
			got = uint64(int64(word<<told[2]) >> told[3])
		}
		Expect(got).To(Equal(places[i].seen(valueOf(i), places[i].signed)), fields[i].path)
	}
},
	Entry("bits-across", like(objects.XDPHints.TargetBitsAcross)),
	Entry("bits-moved", like(objects.XDPHints.TargetBitsMoved)),
	Entry("bits-plain", like(objects.XDPHints.TargetBitsPlain)),
	Entry("same", like(objects.XDPHints.TargetSame)),
)

// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	"github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/elfedit"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// The headers of an object's sections say what is relocated, and the symbols which bytes are a
// program. No compiler writes what is here.

// Without its relocation the program has no map, which the kernel refuses.
var _ = It("mapdefs.object.relocations-nowhere-refused", func(s *Session) {
	refuses(s, objects.MapDefs.Counter, counter(elfedit.SectionInfo(".relxdp", 200)), Malformed,
		BadRelocation, Invalid, Verifier, Permission)
})

var _ = It("mapdefs.object.relocations-elsewhere-refused", func(s *Session) {
	for _, section := range []uint32{
		0,
		5, // license
	} {
		refuses(s, objects.MapDefs.Counter, counter(elfedit.SectionInfo(".relxdp", section)),
			Malformed, BadRelocation, Invalid, Verifier, Permission)
	}
})

var _ = It("mapdefs.object.relocation-size-refused", func(s *Session) {
	for _, bytes := range []uint64{0, 8, 24, 1 << 32} {
		refuses(s, objects.MapDefs.Counter, counter(elfedit.SectionEntrySize(".relxdp", bytes)),
			Malformed, BadRelocation, Invalid)
	}
})

// A map has no inside: its address is all that a program can have of it.
var _ = It("mapdefs.object.reference-inside-refused", func(s *Session) {
	for _, add := range []int32{8, -8, 1 << 20} {
		refuses(s, objects.MapDefs.Counter, counter(elfedit.AddToReference("xdp", "counts", add)),
			BadRelocation, Malformed, Invalid, NotSupported, Verifier, Permission)
	}
})

// All definitions of the object take 32 bytes, so what is added leads to the map before and to the
// one after. The assembler of GNU binutils 2.40 makes such references.
var _ = It("mapdefs.object.reference-inside-refused/another-map", func(s *Session) {
	for _, add := range []int32{32, -32} {
		refuses(s, objects.MapDefs.Several,
			objects.MapDefs.Several.With(elfedit.AddToReference("xdp", "third", add)),
			BadRelocation, Malformed, Invalid, NotSupported)
	}
})

// The program of a counter takes 104 bytes, which are all of its section.
var _ = Table("mapdefs.object.program-outside-refused", refusesProgram,
	Entry("too-long", counter(elfedit.ResizeSymbol("count", 112))),
	Entry("too-late", counter(elfedit.MoveSymbol("count", 8))),
	Entry("size-wraps", counter(elfedit.MoveSymbol("count", 8), elfedit.ResizeSymbol("count", 1<<64-8))),
	Entry("offset-wraps", counter(elfedit.MoveSymbol("count", 1<<64-8))),
)

var _ = Table("mapdefs.object.program-odd-refused", refusesProgram,
	Entry("size", counter(elfedit.GrowSection("xdp", 4), elfedit.ResizeSymbol("count", 108))),
	Entry("cut-short", counter(elfedit.ResizeSymbol("count", 100))),
	Entry("offset", counter(elfedit.MoveSymbol("count", 4), elfedit.ResizeSymbol("count", 96))),
	Entry("half-an-instruction", counter(elfedit.ResizeSymbol("count", 40))),
)

func refusesProgram(s *Session, o objects.Object) {
	ginkgo.GinkgoHelper()
	refuses(s, objects.MapDefs.Counter, o, Malformed, Invalid, BadRelocation, Verifier, Permission)
}

// Hand-written assembly has such symbols: without a .size directive there is no size.
var _ = It("mapdefs.object.program-without-size", func(s *Session) {
	s.Control(objects.MapDefs.Counter)
	countsOrRefuses(s, counter(elfedit.ResizeSymbol("count", 0)), Malformed, Invalid, NotFound)
})

// An object may be opened twice at once, as it may be loaded.
var _ = It("mapdefs.object.opened-twice", func(s *Session) {
	first, second := s.Open(objects.MapDefs.Plain), s.Open(objects.MapDefs.Plain)
	first.SetMap("m", MaxEntries, 9)
	Expect(second.Load()).To(BeOK())
	Expect(first.Load()).To(BeOK())
	Expect(first.Map("m").MaxEntries).To(Equal(uint32(9)))
	Expect(second.Map("m").MaxEntries).To(Equal(uint32(4)))
	id := second.MapID("m")
	first.Close()
	Expect(second.MapID("m")).To(Equal(id))
	Expect(second.Map("m").MaxEntries).To(Equal(uint32(4)))
})

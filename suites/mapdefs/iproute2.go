// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	"errors"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/elfedit"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// asIPRoute2 says what section maps holds, for definitions by which a loader cannot tell: those of
// another size than 36 bytes.
var asIPRoute2 = Layout(loader.IPRoute2Layout)

// nameless drops the map's name, for a comparison: iproute2's own loader gives maps none
// (bpf_map_create).
func nameless(m oracle.MapFacts) oracle.MapFacts {
	m.Name = ""
	return m
}

var _ = It("mapdefs.iproute2.several", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.Iproute2Several)
	loaded.Run("write_third")
	Expect(loaded.Lookup("third", U32(2))).To(Equal(U64(333)))
	Expect(loaded.Program("write_third").Maps).To(ConsistOf(loaded.MapID("third")))
	Expect(loaded.Map("third").MaxEntries).To(Equal(uint32(3)))
})

var _ = It("mapdefs.iproute2.short", func(s *Session) {
	plain := s.MustLoad(objects.MapDefs.Iproute2Plain).Map("m")
	for _, o := range []objects.Object{
		objects.MapDefs.Iproute2Short16, objects.MapDefs.Iproute2Short28,
	} {
		short := s.MustLoad(o, asIPRoute2)
		Expect(short.Map("m")).To(BeTheSameMapAs(plain), o.Name())
		short.Run("store")
		Expect(short.Lookup("m", U32(7))).To(Equal(U64(77)), o.Name())
	}
})

var _ = It("mapdefs.iproute2.stub-refused", func(s *Session) {
	refusesAsk(s, with(objects.MapDefs.Iproute2Plain, asIPRoute2),
		with(objects.MapDefs.Iproute2Stub, asIPRoute2), BadMapDef, Malformed)
})

var _ = It("mapdefs.iproute2.longer-refused", func(s *Session) {
	for _, o := range []objects.Object{
		objects.MapDefs.Iproute2Long, objects.MapDefs.Iproute2LongZero,
	} {
		refusesAsk(s, with(objects.MapDefs.Iproute2Plain, asIPRoute2), with(o, asIPRoute2),
			UnknownMapField, BadMapDef, NotSupported)
	}
})

var _ = It("mapdefs.iproute2.sizes-differ-refused", func(s *Session) {
	refusesAsk(s, with(objects.MapDefs.Iproute2Plain, asIPRoute2),
		with(objects.MapDefs.Iproute2Sizes, asIPRoute2), BadMapDef, Malformed)
})

var _ = It("mapdefs.iproute2.stray-bytes", func(s *Session) {
	plain := s.MustLoad(objects.MapDefs.Iproute2Plain).Map("m")
	stray := objects.MapDefs.Iproute2Plain.With(elfedit.GrowSection("maps", 3))
	loaded := s.Load(stray)
	if !loaded.OK() {
		refuses(s, objects.MapDefs.Iproute2Plain, stray, BadMapDef, Malformed)
		return
	}
	Expect(loaded.Map("m")).To(BeTheSameMapAs(plain))
})

// What iproute2 could make of bytes that no symbol names, or of a symbol beyond them, is a map that
// the program does not use.
var _ = Table("mapdefs.iproute2.symbol-refused", func(s *Session, f fault) {
	refuses(s, f.control, f.bad, BadMapDef, Malformed, UnknownMapKind, Unresolved, BadRelocation)
},
	Entry("missing", fault{control: objects.MapDefs.Iproute2KernelGood, bad: objects.MapDefs.Iproute2KernelGood.With(elfedit.DropSymbol("bad"))}),
	Entry("too-far", fault{control: objects.MapDefs.Iproute2Plain, bad: objects.MapDefs.Iproute2Plain.With(elfedit.MoveSymbol("m", 4096))}),
)

var _ = It("mapdefs.iproute2.static-refused", func(s *Session) {
	refuses(s, objects.MapDefs.Iproute2Plain, objects.MapDefs.Iproute2Static, BadMapDef,
		UnknownMapKind)
})

var _ = It("mapdefs.iproute2.mixed-refused", func(s *Session) {
	s.Control(objects.MapDefs.LegacyPlain)
	refuses(s, objects.MapDefs.Iproute2Plain, objects.MapDefs.Iproute2Mixed, BadMapDef,
		UnknownMapField, NotSupported)
})

var _ = It("mapdefs.iproute2.not-legacy", func(s *Session) {
	refusesAsk(s, with(objects.MapDefs.Iproute2Plain),
		with(objects.MapDefs.Iproute2Plain, Layout(loader.LegacyLayout)), BadMapDef,
		UnknownMapField)
})

// The size of a definition says that it is iproute2's, where its struct has no name to say so.
var _ = It("mapdefs.iproute2.unnamed", func(s *Session) {
	plain := s.MustLoad(objects.MapDefs.Iproute2Plain).Map("m")
	unnamed := s.MustLoad(objects.MapDefs.Iproute2Unnamed)
	Expect(unnamed.Map("m")).To(BeTheSameMapAs(plain))
	unnamed.Run("store")
	Expect(unnamed.Lookup("m", U32(7))).To(Equal(U64(77)))
})

var _ = It("mapdefs.iproute2.without-btf", func(s *Session) {
	plain := s.MustLoad(objects.MapDefs.Iproute2Plain).Map("m")
	bare := s.MustLoad(withoutBTF(objects.MapDefs.Iproute2Plain))
	Expect(bare.Map("m").WithoutBTF()).To(BeTheSameMapAs(plain.WithoutBTF()))
	bare.Run("store")
	Expect(bare.Lookup("m", U32(7))).To(Equal(U64(77)))
})

var _ = It("mapdefs.iproute2.key-value-types", func(s *Session) {
	m := s.MustLoad(objects.MapDefs.Iproute2Annotated).Map("m")
	Expect(m.Key).To(Equal("__u32 = unsigned int /*4*/"))
	Expect(m.Value).To(Equal("__u64 = unsigned long long /*8*/"))
})

var _ = It("mapdefs.iproute2.many", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.Iproute2Many)
	loaded.Run("write_last")
	Expect(loaded.Lookup("m77", U32(0))).To(Equal(U64(64)))
})

var _ = It("mapdefs.iproute2.kernel-refusal-undone", func(s *Session) {
	s.Refuses(objects.MapDefs.Iproute2KernelGood, objects.MapDefs.Iproute2KernelNoEntries,
		AtCreate, Invalid)
})

// pinned has PROG_ARRAYs pinned. The kernel empties one when user space lets go of it for good
// (prog_array_map_clear), as a loader does that is a command and ends. A tail call through an array
// that is not pinned works in loaders that stay.
func pinned(s *Session, arrays ...string) Option {
	for _, name := range arrays {
		// iproute2 makes the one folder a link to the other.
		s.Keep("xdp/globals/"+name, "tc/globals/"+name)
	}
	return PinMount(s.BPFFS(), "xdp", nil)
}

// The names of an object's sections fill its PROG_ARRAY jumps.
var _ = Table("mapdefs.iproute2.tail-call", func(s *Session, o objects.Object) {
	loaded := s.MustLoad(o, pinned(s, "jumps"))
	Expect(filled(loaded, "jumps", 4)).To(Equal([]bool{true, false, true, false}))
	Expect(calls(loaded, 0)).To(Equal(uint32(40)))
	Expect(calls(loaded, 2)).To(Equal(uint32(42)))
	Expect(calls(loaded, 1)).To(Equal(uint32(1)), "a call of an empty slot")
},
	Entry("decimal", objects.MapDefs.Iproute2TailCalls),
	Entry("hexadecimal-octal", objects.MapDefs.Iproute2TailNumbers),
	Entry("without-btf", withoutBTF(objects.MapDefs.Iproute2TailCalls)),
)

var _ = It("mapdefs.iproute2.tail-call/two-arrays", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.Iproute2TailArrays, pinned(s, "jumps", "onward"))
	Expect(filled(loaded, "jumps", 4)).To(Equal([]bool{true, false, false, false}))
	Expect(filled(loaded, "onward", 4)).To(Equal([]bool{false, false, false, true}))
	Expect(calls(loaded, 0)).To(Equal(uint32(43)))
})

var _ = It("mapdefs.iproute2.tail-call-beyond-refused", func(s *Session) {
	refuses(s, objects.MapDefs.Iproute2Plain, objects.MapDefs.Iproute2TailBeyond, BadMapDef,
		BadRelocation, BadProgram, Limit)
})

// A program that is meant for no map of the object: iproute2 leaves it out.
var _ = Table("mapdefs.iproute2.tail-call-nowhere", func(s *Session, o objects.Object) {
	before := s.Kernel()
	s.Control(objects.MapDefs.Iproute2Plain)
	loaded := s.Load(o, pinned(s, "jumps"))
	if !loaded.OK() {
		Expect(loaded).To(BeRejected(AtAnyStage, BadMapDef, BadProgram, NotFound, NotSupported))
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
		return
	}
	Expect(filled(loaded, "jumps", 4)).To(Equal([]bool{true, false, false, false}))
	Expect(calls(loaded, 2)).To(Equal(uint32(1)))
},
	Entry("no-such-id", objects.MapDefs.Iproute2TailNobody),
	Entry("no-prog-array", objects.MapDefs.Iproute2TailHash),
)

// filled asks the kernel which of the first n slots of a PROG_ARRAY hold a program.
func filled(loaded *Attempt, array string, n uint32) []bool {
	slots := make([]bool, n)
	for i := range slots {
		_, err := oracle.Lookup(loaded.MapID(array), U32(uint32(i)))
		if !errors.Is(err, oracle.ErrNoSuchKey) {
			Expect(err).NotTo(HaveOccurred())
			slots[i] = true
		}
	}
	return slots
}

// calls returns what program entry returns where its packet tells it to call a slot: what the
// program there returns, or 1.
func calls(loaded *Attempt, slot byte) uint32 {
	packet := make([]byte, 64)
	packet[0] = slot
	return loaded.RunOver("entry", packet)
}

func withoutBTF(o objects.Object) objects.Object {
	return o.With(elfedit.DropSection(".BTF"), elfedit.DropSection(".BTF.ext"))
}

// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/elfedit"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("mapdefs.legacy.use", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.LegacyCounter)
	loaded.Run("count")
	loaded.Run("count")
	Expect(loaded.Lookup("counts", U32(0))).To(Equal(U64(2)))
})

var _ = It("mapdefs.legacy.use/several", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.LegacySeveral)
	loaded.Run("write_third")
	Expect(loaded.Lookup("third", U32(2))).To(Equal(U64(333)))
	Expect(loaded.Map("fourth").MaxEntries).To(Equal(uint32(4)))
})

var _ = It("mapdefs.legacy.padded", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.LegacyPadded)
	loaded.Run("write_third")
	Expect(loaded.Lookup("third", U32(2))).To(Equal(U64(333)))
	Expect(loaded.Map("fourth").MaxEntries).To(Equal(uint32(4)))
})

var _ = It("mapdefs.legacy.without-btf", func(s *Session) {
	bare := objects.MapDefs.LegacyCounter.With(elfedit.DropSection(".BTF"),
		elfedit.DropSection(".BTF.ext"))
	loaded := s.MustLoad(bare)
	loaded.Run("count")
	Expect(loaded.Lookup("counts", U32(0))).To(Equal(U64(1)))
})

var _ = It("mapdefs.legacy.key-value-types", func(s *Session) {
	m := s.MustLoad(objects.MapDefs.LegacyAnnotated).Map("m")
	Expect(m.Key).To(Equal("__u32 = unsigned int /*4*/"))
	Expect(m.Value).To(Equal("__u64 = unsigned long long /*8*/"))
})

var _ = It("mapdefs.legacy.longer-tail-zero", func(s *Session) {
	plain := s.MustLoad(objects.MapDefs.LegacyPlain).Map("m")
	Expect(s.MustLoad(objects.MapDefs.LegacyLongZero).Map("m")).To(BeTheSameMapAs(plain))
})

var _ = It("mapdefs.legacy.longer-tail-refused", func(s *Session) {
	refuses(s, objects.MapDefs.LegacyLongZero, objects.MapDefs.LegacyLong, UnknownMapField,
		BadMapDef)
})

var _ = It("mapdefs.legacy.short", func(s *Session) {
	plain := s.MustLoad(objects.MapDefs.LegacyPlain).Map("m")
	short := s.Load(objects.MapDefs.LegacyShort)
	if !short.OK() {
		refuses(s, objects.MapDefs.LegacyPlain, objects.MapDefs.LegacyShort, BadMapDef, Malformed)
		return
	}
	Expect(short.Map("m")).To(BeTheSameMapAs(plain))
})

var _ = It("mapdefs.legacy.stub-refused", func(s *Session) {
	refuses(s, objects.MapDefs.LegacyPlain, objects.MapDefs.LegacyStub, BadMapDef, Malformed)
})

var _ = Refusal("mapdefs.legacy.static-refused",
	objects.MapDefs.LegacyCounter, objects.MapDefs.LegacyStatic, AtOpen, BadMapDef, UnknownMapKind)

var _ = Refusal("mapdefs.legacy.nameless-refused",
	objects.MapDefs.LegacyPlain, objects.MapDefs.LegacyPlain.With(elfedit.NamelessSymbol("m")),
	AtOpen, BadMapDef, Malformed)

var _ = Table("mapdefs.legacy.symbol-missing-refused", func(s *Session, f fault) {
	s.Refuses(f.control, f.bad, AtOpen, BadMapDef, Malformed)
},
	Entry("of-the-only-map", fault{control: objects.MapDefs.LegacyPlain, bad: objects.MapDefs.LegacyPlain.With(elfedit.DropSymbol("m"))}),
	Entry("of-one-map", fault{control: objects.MapDefs.LegacyKernelGood, bad: objects.MapDefs.LegacyKernelGood.With(elfedit.DropSymbol("bad"))}),
)

var _ = It("mapdefs.legacy.beyond-section-refused", func(s *Session) {
	refusesEach(s, objects.MapDefs.LegacyPlain, []objects.Object{
		objects.MapDefs.LegacyPlain.With(elfedit.ShrinkSection("maps", 4)),
		objects.MapDefs.LegacyPlain.With(elfedit.MoveSymbol("m", 4096)),
		objects.MapDefs.LegacyPlain.With(elfedit.ResizeSymbol("m", 4096)),
		objects.MapDefs.LegacyPlain.With(elfedit.MoveSymbol("m", 1<<64-8)),
	}, AtOpen, BadMapDef, Malformed)
})

var _ = It("mapdefs.legacy.section-empty-refused", func(s *Session) {
	refusesEach(s, objects.MapDefs.LegacyPlain, []objects.Object{
		objects.MapDefs.LegacyPlain.With(elfedit.EmptySection("maps")),
		objects.MapDefs.LegacyPlain.With(elfedit.EmptySectionType("maps")),
	}, AtAnyStage, BadMapDef, Malformed)
})

var _ = It("mapdefs.legacy.stray-bytes", func(s *Session) {
	good := s.MustLoad(objects.MapDefs.LegacyKernelGood).Map("bad")
	stray := objects.MapDefs.LegacyKernelGood.With(elfedit.GrowSection("maps", 3))
	loaded := s.Load(stray)
	if !loaded.OK() {
		refuses(s, objects.MapDefs.LegacyKernelGood, stray, BadMapDef, Malformed)
		return
	}
	Expect(loaded.Map("bad")).To(BeTheSameMapAs(good))
})

var _ = It("mapdefs.legacy.name-cut", func(s *Session) {
	m := s.MustLoad(objects.MapDefs.LegacyNameLong).Map("a_name_that_no_kernel_will_hold_in_full_x")
	Expect(m.Name).To(Equal("a_name_that_no_"))
})

var _ = Refusal("mapdefs.legacy.kernel-refusal-undone",
	objects.MapDefs.LegacyKernelGood, objects.MapDefs.LegacyKernelNoEntries, AtCreate, Invalid)

var _ = It("mapdefs.mixed", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.Mixed)
	loaded.Run("write_both")
	Expect(loaded.Lookup("new", U32(0))).To(Equal(U64(11)))
	Expect(loaded.Lookup("old", U32(1))).To(Equal(U64(22)))
})

var _ = It("mapdefs.legacy.annotation-unfit", func(s *Session) {
	plain := s.MustLoad(objects.MapDefs.LegacyPlain).Map("m")
	loaded := s.Load(objects.MapDefs.LegacyAnnotatedUnfit)
	if !loaded.OK() {
		refuses(s, objects.MapDefs.LegacyAnnotated, objects.MapDefs.LegacyAnnotatedUnfit,
			BadMapDef, Invalid)
		return
	}
	Expect(loaded.Map("m")).To(BeTheSameMapAs(plain))
})

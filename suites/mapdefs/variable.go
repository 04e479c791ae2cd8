// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	"debug/elf"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/elfedit"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("mapdefs.btf.definition-named", func(s *Session) {
	plain := s.MustLoad(objects.MapDefs.Plain).Map("m")
	for _, o := range []objects.Object{
		objects.MapDefs.DefinitionTypedef, objects.MapDefs.DefinitionVolatile,
	} {
		Expect(s.MustLoad(o).Map("m")).To(BeTheSameMapAs(plain), o.Name())
	}
})

var _ = It("mapdefs.btf.weak", func(s *Session) {
	plain := s.MustLoad(objects.MapDefs.Plain).Map("m")
	weak := s.MustLoad(objects.MapDefs.WeakMap)
	Expect(weak.Map("m")).To(BeTheSameMapAs(plain))
	weak.Run("store")
	Expect(weak.Lookup("m", U32(7))).To(Equal(U64(77)))
})

var _ = It("mapdefs.btf.tagged", func(s *Session) {
	plain := s.MustLoad(objects.MapDefs.Plain).Map("m")
	Expect(s.MustLoad(objects.MapDefs.Tagged).Map("m")).To(BeTheSameMapAs(plain))
})

var _ = It("mapdefs.several.every-map", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.Several)
	Expect(loaded.Map("first").MaxEntries).To(Equal(uint32(1)))
	Expect(loaded.Map("second").MaxEntries).To(Equal(uint32(2)))
	Expect(loaded.Map("third").MaxEntries).To(Equal(uint32(3)))
	Expect(loaded.Map("fourth").MaxEntries).To(Equal(uint32(4)))
})

var _ = It("mapdefs.btf.not-a-struct-refused", func(s *Session) {
	refusesEach(s, objects.MapDefs.Plain, []objects.Object{
		objects.MapDefs.NotAStruct, objects.MapDefs.NotAStructArray,
		objects.MapDefs.NotAStructUnion,
	}, AtOpen, BadMapDef, MalformedBTF)
})

var _ = Refusal("mapdefs.btf.static-refused",
	objects.MapDefs.HashUse, objects.MapDefs.StaticMap, AtOpen, BadMapDef, UnknownMapKind)

var _ = It("mapdefs.btf.extern-refused", func(s *Session) {
	refuses(s, objects.MapDefs.HashUse, objects.MapDefs.ExternMap, Unresolved, NotSupported,
		BadRelocation, Verifier, Permission)
})

var _ = Refusal("mapdefs.btf.extern-refused-at-open",
	objects.MapDefs.HashUse, objects.MapDefs.ExternMap, AtOpen, Unresolved, NotSupported,
	BadRelocation)

var _ = Refusal("mapdefs.btf.initialiser-refused",
	objects.MapDefs.Plain, objects.MapDefs.Initialised, AtOpen, BadMapDef, NotSupported)

var _ = Refusal("mapdefs.btf.duplicate-refused", objects.MapDefs.TwoNames, objects.MapDefs.TwoNames.With(
	elfedit.RenameSymbol("name_of_two", "name_of_one"), elfedit.RenameType(elfedit.Var,
		"name_of_two", "name_of_one"),
), AtOpen, BadMapDef, NameConflict, Malformed)

var _ = Table("mapdefs.btf.nameless-refused", func(s *Session, f fault) {
	s.Refuses(f.control, f.bad, AtOpen, BadMapDef, Malformed, NotFound)
},
	Entry("type", fault{control: objects.MapDefs.Unused, bad: objects.MapDefs.Unused.With(elfedit.NamelessType(elfedit.Var, "m"))}),
	Entry("symbol", fault{control: objects.MapDefs.Unused, bad: objects.MapDefs.Unused.With(elfedit.NamelessSymbol("m"))}),
)

var _ = It("mapdefs.btf.variable-outside-refused", func(s *Session) {
	refusesEach(s, objects.MapDefs.Unused, []objects.Object{
		objects.MapDefs.Unused.With(elfedit.ShrinkSection(".maps", 8)),
		objects.MapDefs.Unused.With(elfedit.MoveSymbol("m", 4096)),
	}, AtOpen, BadMapDef, Malformed)
})

// A definition does not fit in its variable, as the BTF and the symbol both say.
var _ = It("mapdefs.btf.variable-short-refused", func(s *Session) {
	for _, bytes := range []uint32{0, 8, 31} {
		refuses(s, objects.MapDefs.Plain, objects.MapDefs.Plain.With(
			elfedit.ResizeVariable(".maps", "m", bytes), elfedit.ResizeSymbol("m", uint64(bytes)),
		), BadMapDef, Malformed, MalformedBTF, Invalid)
	}
})

var _ = It("mapdefs.mixed.duplicate-refused", func(s *Session) {
	refuses(s, objects.MapDefs.Mixed, objects.MapDefs.Mixed.With(
		elfedit.RenameSymbol("old", "new"), elfedit.RenameType(elfedit.Var, "old", "new"),
	), BadMapDef, NameConflict, Malformed, Invalid)
})

var _ = It("mapdefs.btf.missing-refused", func(s *Session) {
	refusesEach(s, objects.MapDefs.Plain, []objects.Object{
		withoutBTF(objects.MapDefs.Plain),
		objects.MapDefs.Plain.With(elfedit.EmptySection(".BTF")),
		objects.MapDefs.Plain.With(elfedit.RenameType(elfedit.DataSec, ".maps", ".mops")),
	}, AtOpen, BTFMissing, MalformedBTF, BadMapDef)
})

var _ = Table("mapdefs.btf.corrupt-refused", func(s *Session, f fault) {
	s.Refuses(f.control, f.bad, AtOpen, append(f.classes, MalformedBTF, BTFMissing, Invalid)...)
},
	Entry("magic", fault{control: objects.MapDefs.Plain, bad: objects.MapDefs.Plain.With(elfedit.BTFMagic())}),
	Entry("version", fault{control: objects.MapDefs.Plain, bad: objects.MapDefs.Plain.With(elfedit.BTFVersion(2)), classes: []Class{NotSupported}}),
	Entry("header-length", fault{control: objects.MapDefs.Plain, bad: objects.MapDefs.Plain.With(elfedit.BTFHeader(elfedit.HeaderLength, 8))}),
	Entry("types-length", fault{control: objects.MapDefs.Plain, bad: objects.MapDefs.Plain.With(elfedit.BTFHeader(elfedit.TypesLength, 1<<30))}),
	Entry("strings-offset", fault{control: objects.MapDefs.Plain, bad: objects.MapDefs.Plain.With(elfedit.BTFHeader(elfedit.StringsOffset, 1<<31))}),
	Entry("strings-wrap", fault{control: objects.MapDefs.Plain, bad: objects.MapDefs.Plain.With(elfedit.BTFHeader(elfedit.StringsOffset, 0xffffffff))}),
	Entry("cut-off", fault{control: objects.MapDefs.Plain, bad: objects.MapDefs.Plain.With(elfedit.ShrinkSection(".BTF", 100))}),
	Entry("no-bytes", fault{classes: []Class{Malformed},
		control: objects.MapDefs.Plain, bad: objects.MapDefs.Plain.With(elfedit.SectionType(".BTF", elf.SHT_NOBITS))}),
	Entry("unknown-kind", fault{control: objects.MapDefs.Plain, bad: objects.MapDefs.Plain.With(elfedit.TypeKind(elfedit.Typedef, "__u32", 31))}),
	Entry("unknown-type", fault{control: objects.MapDefs.Plain, bad: objects.MapDefs.Plain.With(elfedit.PointTypeAt(elfedit.Var, "m", 1<<20))}),
	Entry("loop", fault{control: objects.MapDefs.Plain, bad: objects.MapDefs.Plain.With(elfedit.PointTypeAtItself(elfedit.Typedef, "__u32")), classes: []Class{Limit}}),
)

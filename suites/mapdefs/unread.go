// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	"github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/elfedit"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A map that no program refers to is there for user space. A loader that leaves it out says ok, and
// its caller finds no map.

var _ = Table("mapdefs.legacy.section-suffix", func(s *Session, o objects.Object) {
	before := s.Kernel()
	plain := s.MustLoad(objects.MapDefs.SuffixedMaps)
	want := plain.Map("config")
	plain.Close()
	loaded := s.Load(o)
	if !loaded.OK() {
		Expect(loaded).To(BeRejected(AtAnyStage, UnknownMapKind, UnknownSection, BadRelocation,
			Unresolved, BadMapDef))
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
		return
	}
	Expect(loaded.Map("config")).To(BeTheSameMapAs(want))
},
	Entry("used", objects.MapDefs.SuffixedUsed),
	Entry("unused", objects.MapDefs.SuffixedUnused),
	Entry("unused-without-btf", withoutBTF(objects.MapDefs.SuffixedUnused)),
)

// No program refers to the map, and the handler is the only difference.
var _ = It("mapdefs.callback.unregistered-refused/unused", func(s *Session) {
	refusesAsk(s, with(objects.MapDefs.VendorUnused, withCallback),
		with(objects.MapDefs.VendorUnused), UnknownMapKind, UnknownSection)
})

var _ = It("mapdefs.callback.unused", func(s *Session) {
	m := s.MustLoad(objects.MapDefs.VendorUnused, withCallback).Map("m")
	Expect(m.MaxEntries).To(Equal(uint32(4)))
})

// A section as the tool chain compressed it. Whoever takes its bytes as they lie reads something
// else than what was compiled.
var _ = Table("mapdefs.object.compressed", func(s *Session, section string) {
	compressedOrRefused(s, objects.MapDefs.Counter, elfedit.CompressSection(section),
		func(loaded *Attempt) {
			loaded.Run("count")
			Expect(loaded.Lookup("counts", U32(0))).To(Equal(U64(1)))
		})
},
	Entry("maps", ".maps"),
	Entry("btf", ".BTF"),
	Entry("btf-ext", ".BTF.ext"),
	Entry("code", "xdp"),
	Entry("relocations", ".relxdp"),
	Entry("symbols", ".symtab"),
	Entry("names", ".strtab"),
)

var _ = Table("mapdefs.object.compressed-data", func(s *Session, section string) {
	compressedOrRefused(s, objects.MapDefs.DataConstant, elfedit.CompressSection(section),
		func(loaded *Attempt) {
			loaded.Run("count")
			Expect(dataOf(loaded, "count")).To(ConsistOf(U64(40), U64(42)))
		})
},
	Entry("data", ".data"),
	Entry("rodata", ".rodata.counters"),
)

// compressedOrRefused expects of an object with an edit that it does what it does without, or that
// it is refused and leaves nothing.
func compressedOrRefused(
	s *Session, whole objects.Object, edit elfedit.Edit, works func(*Attempt),
) {
	ginkgo.GinkgoHelper()
	before := s.Kernel()
	control := s.MustLoad(whole)
	works(control)
	control.Close()
	loaded := s.Load(whole.With(edit))
	if loaded.OK() {
		works(loaded)
		return
	}
	Expect(loaded).To(BeRejected(AtAnyStage, Malformed, NotSupported, Invalid, NotFound))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
}

// dataOf returns what the maps of a program hold in their first elements.
func dataOf(loaded *Attempt, program string) [][]byte {
	ginkgo.GinkgoHelper()
	var values [][]byte
	for _, id := range loaded.Program(program).Maps {
		value, err := oracle.Lookup(id, U32(0))
		Expect(err).NotTo(HaveOccurred())
		values = append(values, value)
	}
	return values
}

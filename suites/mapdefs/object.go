// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	"bytes"
	"debug/elf"
	"slices"

	"github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/elfedit"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("mapdefs.object.open-makes-nothing", func(s *Session) {
	before := s.Kernel()
	opened := s.Open(objects.MapDefs.Several)
	Expect(opened).To(BeOK())
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
	opened.MustLoad()
	for _, name := range []string{"first", "second", "third", "fourth"} {
		Expect(opened.Map(name).Name).To(Equal(name))
	}
})

// What is made and let go again shows in nothing but the ids of what is made later.
var _ = It("mapdefs.object.open-makes-nothing/for-a-moment", func(s *Session) {
	s.Control(objects.MapDefs.Several)
	Expect(s.MadeWhile(func() {
		opened := s.Open(objects.MapDefs.Several)
		Expect(opened).To(BeOK())
		opened.Close()
	})).To(HaveMadeNothing())
})

// counter returns a good object with edits.
func counter(edits ...elfedit.Edit) objects.Object { return objects.MapDefs.Counter.With(edits...) }

// No file of these is a whole object. An entry names the part that is broken.
var _ = Table("mapdefs.object.malformed-refused", func(s *Session, files func() []objects.Object) {
	refusesEach(s, objects.MapDefs.Counter, files(), AtOpen, Malformed, Invalid)
},
	Entry("file", those(
		counter(elfedit.Replace("nothing", nil)),
		counter(elfedit.Replace("text", []byte("#!/bin/sh\nexit 0\n"))),
	)),
	Entry("header", those(
		counter(elfedit.Truncate(63)), counter(elfedit.Truncate(64)),
		counter(elfedit.SectionHeaders(1<<40)), counter(elfedit.SectionHeaders(1<<64-64)),
	)),
	Entry("section", those(
		counter(elfedit.SectionOffset("xdp", 1<<40)),
		counter(elfedit.SectionOffset("xdp", 1<<64-8)),
		counter(elfedit.SectionSize("xdp", 1<<40)), counter(elfedit.SectionSize("xdp", 1<<63)),
	)),
	Entry("cut-off", cutOff),
)

func those(files ...objects.Object) func() []objects.Object {
	return func() []objects.Object { return files }
}

// cutOff returns what is left of an object that is cut off where a section begins or ends, and in
// the middle. Section headers come last, so each file lacks some.
func cutOff() []objects.Object {
	whole := objects.MapDefs.Counter.ELF()
	file, err := elf.NewFile(bytes.NewReader(whole))
	Expect(err).NotTo(HaveOccurred())
	at := []int{len(whole) / 2, len(whole) - 1}
	for _, section := range file.Sections {
		at = append(at, int(section.Offset), int(section.Offset+section.FileSize))
	}
	slices.Sort(at)
	var files []objects.Object
	for _, n := range slices.Compact(at) {
		if 0 < n && n < len(whole) {
			files = append(files, counter(elfedit.Truncate(n)))
		}
	}
	return files
}

var _ = Table("mapdefs.object.foreign-refused", func(s *Session, f fault) {
	refuses(s, objects.MapDefs.Counter, f.bad, Malformed, NotSupported, Invalid)
},
	Entry("machine", fault{bad: counter(elfedit.Machine(elf.EM_X86_64))}),
	Entry("byte-order", fault{bad: objects.ForeignOrder}),
	Entry("32-bits", fault{bad: counter(elfedit.Class(elf.ELFCLASS32))}),
)

var _ = It("mapdefs.object.linked-refused", func(s *Session) {
	refuses(s, objects.MapDefs.Counter, counter(elfedit.FileType(elf.ET_EXEC)), Malformed,
		NotSupported, Invalid)
})

var _ = Table("mapdefs.object.symbols-refused", func(s *Session, f fault) {
	refuses(s, objects.MapDefs.Counter, f.bad, append(f.classes, Malformed, Invalid, Unresolved)...)
},
	Entry("no-table", fault{bad: counter(elfedit.SectionType(".symtab", elf.SHT_PROGBITS))}),
	Entry("no-such-section", fault{bad: counter(elfedit.SymbolSection("counts", 200))}),
	Entry("absolute", fault{bad: counter(elfedit.SymbolSection("counts", uint16(elf.SHN_ABS))), classes: []Class{NotSupported}}),
	Entry("common", fault{bad: counter(elfedit.SymbolSection("counts", uint16(elf.SHN_COMMON))), classes: []Class{NotSupported}}),
)

// The kernel refuses a program that was not relocated, for a loader that skips what it cannot use.
var _ = It("mapdefs.object.relocation-refused", func(s *Session) {
	for _, o := range []objects.Object{
		counter(elfedit.MoveReloc("xdp", 0, 1<<20)), // outside
		counter(elfedit.MoveReloc("xdp", 0, 4)),     // no instruction begins there
		counter(elfedit.MoveReloc("xdp", 0, 0)),     // an instruction that takes no address
	} {
		refuses(s, objects.MapDefs.Counter, o, BadRelocation, Malformed, Verifier, Permission)
	}
})

// A loader may read a licence up to the end of its section. What it may not do is to load another
// program, or to go on with half an object.
var _ = It("mapdefs.object.license-unterminated", func(s *Session) {
	s.Control(objects.MapDefs.Counter)
	countsOrRefuses(s, counter(elfedit.ShrinkSection("license", 1)), Malformed, Invalid,
		Permission, Verifier)
})

var _ = It("mapdefs.object.line-info-broken", func(s *Session) {
	s.Control(objects.MapDefs.Counter)
	for _, o := range []objects.Object{
		counter(elfedit.EmptySection(".BTF.ext")),
		counter(elfedit.ShrinkSection(".BTF.ext", 100)),
		// It says how many bytes, and has none.
		counter(elfedit.SectionType(".BTF.ext", elf.SHT_NOBITS)),
	} {
		countsOrRefuses(s, o, Malformed, Invalid)
	}
})

var _ = It("mapdefs.object.line-info-missing", func(s *Session) {
	loaded := s.MustLoad(counter(elfedit.DropSection(".BTF.ext")))
	loaded.Run("count")
	Expect(loaded.Lookup("counts", U32(0))).To(Equal(U64(1)))
})

// countsOrRefuses expects of a counter, with something odd in it that does not matter to what it
// does, that it counts, or that it is refused and leaves nothing.
func countsOrRefuses(s *Session, odd objects.Object, classes ...Class) {
	ginkgo.GinkgoHelper()
	before := s.Kernel()
	loaded := s.Load(odd)
	if !loaded.OK() {
		Expect(loaded).To(BeRejected(AtAnyStage, classes...), odd.Name())
		Expect(s.Kernel()).To(HoldNothingBeyond(before), odd.Name())
		return
	}
	loaded.Run("count")
	Expect(loaded.Lookup("counts", U32(0))).To(Equal(U64(1)), odd.Name())
}

// SPDX-License-Identifier: Apache-2.0

package linking

import (
	"debug/elf"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/elfedit"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A damage is a pair of objects that fit together, and what is done to one of them.
type damage struct {
	other, damaged *objects.Object
	edits          []elfedit.Edit
}

// refusesDamage expects that a damaged object is refused beside the other one, whichever is first.
func refusesDamage(s *Session, d damage) {
	bad := d.damaged.With(d.edits...)
	s.RefusesLink(Objects(d.other, d.damaged), Objects(d.other, bad),
		Malformed, Invalid, NotSupported, Limit, NotFound)
	s.RefusesLink(Objects(d.damaged, d.other), Objects(bad, d.other),
		Malformed, Invalid, NotSupported, Limit, NotFound)
}

// inFunction damages the object that defines the function.
func inFunction(edits ...elfedit.Edit) damage { return damage{caller, function, edits} }

// inCaller damages the object that calls the function.
func inCaller(edits ...elfedit.Edit) damage { return damage{function, caller, edits} }

// inVariable damages the object that defines the variable.
func inVariable(edits ...elfedit.Edit) damage { return damage{reader, variable, edits} }

// inReader damages the object that reads the variable.
func inReader(edits ...elfedit.Edit) damage { return damage{variable, reader, edits} }

// noSuch is a number of a section, a type or a binding that no object has.
const noSuch = 99

var _ = Table("linking.input.file-refused", refusesDamage,
	Entry("class", inCaller(elfedit.Class(elf.ELFCLASS32))),
	Entry("file-type", inCaller(elfedit.FileType(elf.ET_EXEC))),
	Entry("machine", inCaller(elfedit.Machine(elf.EM_X86_64))),
	Entry("names-nowhere", inCaller(elfedit.SectionNames(500))),
	Entry("section-beyond-file", inCaller(elfedit.SectionOffset("xdp", 1<<40))),
	Entry("section-headers-beyond-file", inCaller(elfedit.SectionHeaders(1<<40))),
	Entry("size-wraps", inCaller(elfedit.SectionSize("xdp", 1<<64-8))),
)

var _ = Table("linking.input.section-refused", refusesDamage,
	Entry("alignment", inVariable(elfedit.SectionAlignment(".data", 3))),
	Entry("compressed", inVariable(elfedit.CompressSection(".data"))),
	Entry("half-an-instruction", inFunction(elfedit.GrowSection(".text", 4))),
	Entry("kind", inVariable(elfedit.SectionType(".data", elf.SHT_NOTE))),
	Entry("nameless", inVariable(elfedit.RenameSection(".data", ""))),
	Entry("two-of-a-name", inFunction(elfedit.RenameSection(".text", "xdp"))),
)

var _ = Table("linking.input.symbol-refused", refusesDamage,
	Entry("absolute", inFunction(elfedit.SymbolSection("shared", uint16(elf.SHN_ABS)))),
	Entry("binding", inFunction(elfedit.SymbolBinding("shared", 10))),
	Entry("common", inVariable(elfedit.SymbolSection("shared", uint16(elf.SHN_COMMON)))),
	Entry("extern-local", inCaller(elfedit.SymbolBinding("shared", elf.STB_LOCAL))),
	Entry("extern-offset", inCaller(elfedit.MoveSymbol("shared", 8))),
	Entry("extern-size", inCaller(elfedit.ResizeSymbol("shared", 4))),
	Entry("nameless", inFunction(elfedit.NamelessSymbol("shared"))),
	Entry("no-such-section", inFunction(elfedit.SymbolSection("shared", noSuch))),
	Entry("type", inFunction(elfedit.SymbolType("shared", 15))),
)

var _ = Table("linking.input.relocation-refused", refusesDamage,
	Entry("beyond-section", inReader(elfedit.MoveReloc("xdp", 0, 4096))),
	Entry("half-a-load", inReader(elfedit.MoveReloc("xdp", 0, 120))),
	Entry("kind", inReader(elfedit.RelocType("xdp", 0, noSuch))),
	Entry("no-instruction", inReader(elfedit.MoveReloc("xdp", 0, 4))),
	Entry("of-no-section", inReader(elfedit.SectionInfo(".relxdp", noSuch))),
	Entry("record-size", inReader(elfedit.SectionEntrySize(".relxdp", 24))),
	Entry("symbols-nowhere", inReader(elfedit.SectionLink(".relxdp", noSuch))),
)

// Places in .BTF.ext, behind its header: of the first function's record, and what is in it.
const (
	recordInstruction = 44
	recordType        = 48
)

var _ = Table("linking.input.types-refused", refusesDamage,
	Entry("ext-magic", inFunction(elfedit.SetBytes(".BTF.ext", 0, 0, 0))),
	Entry("ext-of-no-instruction",
		inFunction(elfedit.SetBytes(".BTF.ext", recordInstruction, U32(1<<20)...))),
	Entry("ext-of-no-type", inFunction(elfedit.SetBytes(".BTF.ext", recordType, U32(1<<20)...))),
	Entry("ext-without-types", inFunction(elfedit.DropSection(".BTF"))),
	Entry("function-nameless", inFunction(elfedit.NamelessType(elfedit.Func, "shared"))),
	Entry("function-of-no-type", inFunction(elfedit.PointTypeAt(elfedit.Func, "shared", 1<<20))),
	Entry("function-of-itself", inFunction(elfedit.PointTypeAtItself(elfedit.Func, "shared"))),
	Entry("function-twice", inFunction(elfedit.RenameType(elfedit.Func, "run", "shared"))),
	Entry("kind", inFunction(elfedit.TypeKind(elfedit.Func, "shared", 31))),
	Entry("magic", inFunction(elfedit.BTFMagic())),
	Entry("strings-beyond-section", inFunction(elfedit.BTFHeader(elfedit.StringsLength, 1<<20))),
	Entry("types-cut", inFunction(elfedit.BTFHeader(elfedit.TypesLength, 13))),
	Entry("version", inFunction(elfedit.BTFVersion(9))),
)

var _ = Table("linking.input.variables-refused", refusesDamage,
	Entry("larger-than-section", inVariable(elfedit.ResizeVariable(".data", "shared", 4096))),
	Entry("no-type", inVariable(elfedit.ListVariableAs(".data", "shared", 1<<20))),
	Entry("of-no-section", inVariable(elfedit.RenameType(elfedit.DataSec, ".data", ".nowhere"))),
	Entry("without-symbol", inVariable(elfedit.RenameType(elfedit.Var, "shared", "nowhere"))),
)

var _ = Table("linking.conflict.section-refused", refusesDamage,
	Entry("flags", inReader(elfedit.SectionFlags(".data", elf.SHF_ALLOC))),
	Entry("record-size", inReader(elfedit.SectionEntrySize(".data", 4))),
	Entry("without-bytes", inReader(elfedit.EmptySectionType(".data"))),
)

// Two sections of zeros take no bytes in their files, and together more than 32 bits can say.
var _ = It("linking.input.too-large-refused", func(s *Session) {
	zeros := objects.Linking.VariableBss
	refusesDamage(s, damage{reader, &zeros, []elfedit.Edit{
		elfedit.SectionSize(".bss", 1<<32-4),
	}})
})

// The reference is 2 GiB into the data, and 4 bytes further once the other object's is in front.
var _ = It("linking.input.reference-too-far-refused", func(s *Session) {
	far := objects.Linking.VariableStatic.With(elfedit.SetImmediate("xdp", 0, 1<<31-1))
	s.MustLoadLinked(variable, objects.Linking.VariableStatic).Close()
	expectRefused(s, variable, far)
})

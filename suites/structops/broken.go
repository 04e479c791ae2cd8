// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"debug/elf"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/elfedit"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// section names the section of the structure that is broken.
const section = ".struct_ops.link"

// Offsets in the structure of objects/structops/tcp.bpf.c, bytes: four functions and a name.
const (
	inName        = 32
	betweenTwo    = 4
	beyondAnyByte = 1 << 20
)

// broken returns the congestion control with an edit that no compiler makes.
func broken(edits ...elfedit.Edit) objects.Object { return objects.StructOps.TCP.With(edits...) }

// A reference of the structure leads to a function: in each of these it leads somewhere else, or is
// where no function is.
var _ = Table("structops.broken.reference-refused", func(s *Session, o objects.Object) {
	s.Refuses(objects.StructOps.TCP, o, AtOpen, Invalid, Malformed, NotFound, NotSupported)
},
	Entry("beyond-section", broken(elfedit.MoveReloc(section, 0, beyondAnyByte))),
	Entry("in-text", broken(elfedit.MoveReloc(section, 0, inName))),
	Entry("between-members", broken(elfedit.MoveReloc(section, 0, betweenTwo))),
	Entry("undefined-symbol", broken(elfedit.SymbolSection("undo", uint16(elf.SHN_UNDEF)))),
	Entry("absolute-symbol", broken(elfedit.SymbolSection("undo", uint16(elf.SHN_ABS)))),
	Entry("common-symbol", broken(elfedit.SymbolSection("undo", uint16(elf.SHN_COMMON)))),
	Entry("within-instruction", broken(elfedit.MoveSymbol("undo", 4))),
	Entry("within-program", broken(elfedit.MoveSymbol("undo", 8))),
)

// What BTF says of the structure does not hold.
var _ = Table("structops.broken.type-refused", func(s *Session, o objects.Object) {
	s.Refuses(objects.StructOps.TCP, o, AtOpen, Invalid, Malformed, NotFound, NotSupported)
},
	Entry("none", broken(elfedit.DropSection(".BTF"))),
	Entry("nameless", broken(elfedit.NamelessType(elfedit.Struct, "tcp_congestion_ops"))),
	Entry("no-structure", broken(elfedit.PointTypeAt(elfedit.Var, "ca", 1))),
	Entry("void", broken(elfedit.PointTypeAt(elfedit.Var, "ca", 0))),
	Entry("no-such-type", broken(elfedit.PointTypeAt(elfedit.Var, "ca", 1<<20))),
	Entry("itself", broken(elfedit.PointTypeAtItself(elfedit.Var, "ca"))),
	Entry("nameless-variable", broken(elfedit.NamelessType(elfedit.Var, "ca"))),
)

// The list of the section's variables does not fit the section.
var _ = Table("structops.broken.variable-refused", func(s *Session, o objects.Object) {
	s.Refuses(objects.StructOps.TCP, o, AtOpen, Invalid, Malformed, NotFound, NotSupported)
},
	Entry("unlisted", broken(elfedit.UnlistVariable(section, "ca"))),
	Entry("beyond-section", broken(elfedit.MoveSymbol("ca", beyondAnyByte))),
	Entry("end-beyond-section", broken(elfedit.MoveSymbol("ca", 8))),
	Entry("wraps", broken(elfedit.MoveSymbol("ca", 1<<64-8))),
	Entry("section-cut", broken(elfedit.ShrinkSection(section, 8))),
	Entry("section-empty", broken(elfedit.EmptySection(section))),
)

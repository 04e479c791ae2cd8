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

// A fault is in an object that no compiler makes, and has loaders refuse it as one of those
// classes.
type fault struct {
	object  objects.Object
	classes []Class
}

// found names a fault of the congestion control.
func found(edit elfedit.Edit, classes ...Class) fault { return fault{broken(edit), classes} }

func mustRefuseFault(s *Session, f fault) {
	s.Refuses(objects.StructOps.TCP, f.object, AtOpen, f.classes...)
}

// A reference of the structure leads to a function: in each of these it leads somewhere else, or is
// where no function is. A loader may know no references to what is in no section.
var _ = Table("structops.broken.reference-refused", mustRefuseFault,
	Entry("beyond-section", found(elfedit.MoveReloc(section, 0, beyondAnyByte), Invalid, Malformed)),
	Entry("in-text", found(elfedit.MoveReloc(section, 0, inName), Invalid, Malformed)),
	Entry("between-members", found(elfedit.MoveReloc(section, 0, betweenTwo), Invalid, Malformed)),
	Entry("undefined-symbol", found(elfedit.SymbolSection("undo", uint16(elf.SHN_UNDEF)),
		Invalid, Malformed)),
	Entry("absolute-symbol", found(elfedit.SymbolSection("undo", uint16(elf.SHN_ABS)),
		Invalid, Malformed, NotSupported)),
	Entry("common-symbol", found(elfedit.SymbolSection("undo", uint16(elf.SHN_COMMON)),
		Invalid, Malformed, NotSupported)),
	Entry("within-instruction", found(elfedit.MoveSymbol("undo", 4), Invalid, Malformed)),
	Entry("within-program", found(elfedit.MoveSymbol("undo", 8), Invalid, Malformed)),
)

// What BTF says of the structure does not hold. A loader may miss what is not as it should be, or
// have no support for it.
var _ = Table("structops.broken.type-refused", mustRefuseFault,
	Entry("none", found(elfedit.DropSection(".BTF"), NotFound, Malformed)),
	Entry("nameless", found(elfedit.NamelessType(elfedit.Struct, "tcp_congestion_ops"),
		Invalid, Malformed, NotSupported)),
	Entry("no-structure", found(elfedit.PointTypeAt(elfedit.Var, "ca", 1),
		Invalid, Malformed, NotSupported)),
	Entry("void", found(elfedit.PointTypeAt(elfedit.Var, "ca", 0), Invalid, Malformed)),
	Entry("no-such-type", found(elfedit.PointTypeAt(elfedit.Var, "ca", 1<<20),
		Invalid, Malformed, NotFound)),
	Entry("itself", found(elfedit.PointTypeAtItself(elfedit.Var, "ca"), Invalid, Malformed)),
	Entry("nameless-variable", found(elfedit.NamelessType(elfedit.Var, "ca"), Malformed, NotFound)),
)

// The list of the section's variables does not fit the section.
var _ = Table("structops.broken.variable-refused", mustRefuseFault,
	Entry("unlisted", found(elfedit.UnlistVariable(section, "ca"), Invalid, Malformed)),
	Entry("beyond-section", found(elfedit.MoveSymbol("ca", beyondAnyByte), Invalid, Malformed)),
	Entry("end-beyond-section", found(elfedit.MoveSymbol("ca", 8), Invalid, Malformed)),
	Entry("wraps", found(elfedit.MoveSymbol("ca", 1<<64-8), Invalid, Malformed)),
	Entry("section-cut", found(elfedit.ShrinkSection(section, 8), Invalid, Malformed)),
	Entry("section-empty", found(elfedit.EmptySection(section), Malformed, NotFound)),
)

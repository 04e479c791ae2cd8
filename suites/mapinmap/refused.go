// SPDX-License-Identifier: Apache-2.0

package mapinmap

import (
	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/elfedit"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A fault pairs a bad object with the same object without what is wrong.
type fault struct {
	control, bad objects.Object
}

// refused returns the body of specs about objects that one loader finds wrong when it reads them,
// and another leaves to the kernel: refusing is what counts, and that nothing stays.
func refused(classes ...Class) func(*Session, fault) {
	return func(s *Session, f fault) { s.Refuses(f.control, f.bad, AtAnyStage, classes...) }
}

var _ = Table("mapinmap.template.missing-refused", refused(Invalid, NotSupported, NotFound, IO),
	Entry("array", fault{objects.MapInMap.SlotsNone, objects.MapInMap.NoTemplateArray}),
	Entry("hash", fault{objects.MapInMap.SlotsNoneHash, objects.MapInMap.NoTemplateHash}),
)

var _ = Table("mapinmap.template.nested-refused", refused(Invalid, NotSupported),
	Entry("described", fault{objects.MapInMap.SlotsNone, objects.MapInMap.Nested}),
	Entry("not-described", fault{objects.MapInMap.SlotsNone, objects.MapInMap.NestedBare}),
	Entry("itself", fault{objects.MapInMap.SlotsNone, objects.MapInMap.CycleSelf}),
	Entry("each-other", fault{objects.MapInMap.SlotsNone, objects.MapInMap.CyclePair}),
)

var _ = Table("mapinmap.template.invalid-refused", refused(Invalid, NotSupported, Malformed),
	Entry("function", fault{objects.MapInMap.SlotsNone, objects.MapInMap.TemplateFunction}),
	Entry("integer", fault{objects.MapInMap.SlotsNone, objects.MapInMap.TemplateInteger}),
	Entry("without-type", fault{objects.MapInMap.SlotsNone, objects.MapInMap.TemplateTypeless}),
	Entry("in-a-hash", fault{objects.MapInMap.SlotsNone, objects.MapInMap.TemplateOnHash}),
	Entry("not-last", fault{objects.MapInMap.SlotsNone, objects.MapInMap.ValuesFirst}),
)

var _ = Refusal("mapinmap.template.pinning-refused",
	objects.MapInMap.MismatchNone, objects.MapInMap.TemplatePinned, AtAnyStage, Invalid,
	NotSupported)

var _ = Refusal("mapinmap.template.value-size-refused",
	objects.MapInMap.SlotsArray, objects.MapInMap.ValueSizeEight, AtAnyStage, Invalid)

var _ = Refusal("mapinmap.outer.no-entries-refused",
	objects.MapInMap.SlotsNone, objects.MapInMap.NoEntries, AtAnyStage, Invalid)

var _ = Table("mapinmap.slot.nested-refused", refused(Invalid, NotSupported),
	Entry("itself", fault{objects.MapInMap.MismatchNone, objects.MapInMap.SlotSelf}),
	Entry("another", fault{objects.MapInMap.MismatchNone, objects.MapInMap.SlotOuter}),
)

var _ = Table("mapinmap.slot.beyond-refused", refused(Invalid, Limit),
	Entry("array", fault{objects.MapInMap.SlotsTwice, objects.MapInMap.SlotBeyond}),
	Entry("hash", fault{objects.MapInMap.SlotsHash, objects.MapInMap.SlotBeyondHash}),
)

var _ = Table("mapinmap.slot.target-refused", refused(Invalid, NotSupported, NotFound, Malformed),
	Entry("data", fault{objects.MapInMap.MismatchNone, objects.MapInMap.SlotData}),
	Entry("extern", fault{objects.MapInMap.MismatchNone, objects.MapInMap.SlotExtern}),
	Entry("program", fault{objects.MapInMap.MismatchNone, objects.MapInMap.SlotProgram}),
)

var _ = Table("mapinmap.slot.misplaced-refused", refused(Invalid, Malformed),
	Entry("misaligned", fault{objects.MapInMap.SlotsArray, objects.MapInMap.SlotsArray.With(elfedit.MoveRelocation(".maps", "inner_one", -4))}),
	Entry("in-another-field", fault{objects.MapInMap.SlotsArray, objects.MapInMap.SlotsArray.With(elfedit.MoveRelocation(".maps", "inner_zero", -8))}),
	Entry("beyond-variable", fault{objects.MapInMap.SlotsArray, objects.MapInMap.SlotsArray.With(elfedit.MoveRelocation(".maps", "inner_one", 1<<16))}),
)

var _ = Refusal("mapinmap.slot.key-size-refused",
	objects.MapInMap.SlotsHash, objects.MapInMap.HashKeyEight, AtAnyStage, Invalid, NotSupported)

// SPDX-License-Identifier: Apache-2.0

package mapinmap

import (
	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/elfedit"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A fault is one way in which an object is bad, beside the same object without it.
type fault struct {
	variant      string
	control, bad objects.Object
}

// Variant is the part of the spec's id behind the slash.
func (f fault) Variant() string { return f.variant }

// refused is the body of specs about objects that a loader finds wrong when it reads them, and another leaves to the kernel: refusing is what
// counts, and that nothing stays.
func refused(classes ...Class) func(*Session, fault) {
	return func(s *Session, f fault) { s.Refuses(f.control, f.bad, AtAnyStage, classes...) }
}

var _ = Table("mapinmap.template.missing-refused", refused(Invalid, NotSupported, NotFound, IO), []fault{
	{"array", objects.MapInMap.SlotsNone, objects.MapInMap.NoTemplateArray},
	{"hash", objects.MapInMap.SlotsNoneHash, objects.MapInMap.NoTemplateHash},
})

var _ = Table("mapinmap.template.nested-refused", refused(Invalid, NotSupported), []fault{
	{"described", objects.MapInMap.SlotsNone, objects.MapInMap.Nested},
	{"not-described", objects.MapInMap.SlotsNone, objects.MapInMap.NestedBare},
	{"itself", objects.MapInMap.SlotsNone, objects.MapInMap.CycleSelf},
	{"each-other", objects.MapInMap.SlotsNone, objects.MapInMap.CyclePair},
})

var _ = Table("mapinmap.template.invalid-refused", refused(Invalid, NotSupported, Malformed), []fault{
	{"function", objects.MapInMap.SlotsNone, objects.MapInMap.TemplateFunction},
	{"integer", objects.MapInMap.SlotsNone, objects.MapInMap.TemplateInteger},
	{"without-type", objects.MapInMap.SlotsNone, objects.MapInMap.TemplateTypeless},
	{"in-a-hash", objects.MapInMap.SlotsNone, objects.MapInMap.TemplateOnHash},
	{"not-last", objects.MapInMap.SlotsNone, objects.MapInMap.ValuesFirst},
})

var _ = Refusal("mapinmap.template.pinning-refused",
	objects.MapInMap.MismatchNone, objects.MapInMap.TemplatePinned, AtAnyStage, Invalid, NotSupported)

var _ = Refusal("mapinmap.template.value-size-refused",
	objects.MapInMap.SlotsArray, objects.MapInMap.ValueSizeEight, AtAnyStage, Invalid)

var _ = Refusal("mapinmap.outer.no-entries-refused",
	objects.MapInMap.SlotsNone, objects.MapInMap.NoEntries, AtAnyStage, Invalid)

var _ = Table("mapinmap.slot.nested-refused", refused(Invalid, NotSupported), []fault{
	{"itself", objects.MapInMap.MismatchNone, objects.MapInMap.SlotSelf},
	{"another", objects.MapInMap.MismatchNone, objects.MapInMap.SlotOuter},
})

var _ = Table("mapinmap.slot.beyond-refused", refused(Invalid, Limit), []fault{
	{"array", objects.MapInMap.SlotsTwice, objects.MapInMap.SlotBeyond},
	{"hash", objects.MapInMap.SlotsHash, objects.MapInMap.SlotBeyondHash},
})

var _ = Table("mapinmap.slot.target-refused", refused(Invalid, NotSupported, NotFound, Malformed), []fault{
	{"data", objects.MapInMap.MismatchNone, objects.MapInMap.SlotData},
	{"extern", objects.MapInMap.MismatchNone, objects.MapInMap.SlotExtern},
	{"program", objects.MapInMap.MismatchNone, objects.MapInMap.SlotProgram},
})

var _ = Table("mapinmap.slot.misplaced-refused", refused(Invalid, Malformed), []fault{
	{"misaligned", objects.MapInMap.SlotsArray, objects.MapInMap.SlotsArray.With(elfedit.MoveRelocation(".maps", "inner_one", -4))},
	{"in-another-field", objects.MapInMap.SlotsArray, objects.MapInMap.SlotsArray.With(elfedit.MoveRelocation(".maps", "inner_zero", -8))},
	{"beyond-variable", objects.MapInMap.SlotsArray, objects.MapInMap.SlotsArray.With(elfedit.MoveRelocation(".maps", "inner_one", 1<<16))},
})

var _ = Refusal("mapinmap.slot.key-size-refused",
	objects.MapInMap.SlotsHash, objects.MapInMap.HashKeyEight, AtAnyStage, Invalid, NotSupported)

// SPDX-License-Identifier: Apache-2.0

package mapinmap

import (
	"slices"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// makesTheSame expects of another way to write objects.MapInMap.SlotsArray that it makes the same
// maps.
func makesTheSame(s *Session, f filling) {
	plain := s.MustLoad(objects.MapInMap.SlotsArray).Map("outer")
	loaded := s.MustLoad(f.object)
	Expect(loaded.Map("outer")).To(BeTheSameMapAs(plain))
	Expect(slots(loaded, "outer")).To(Equal(f.ids(loaded)))
}

var _ = Table("mapinmap.template.named", makesTheSame,
	Entry("anonymous", filling{objects.MapInMap.TemplateAnonymous, map[uint32]string{0: "inner_zero", 1: "inner_one"}}),
)

var _ = Table("mapinmap.template.renamed", makesTheSame,
	Entry("typedef", filling{objects.MapInMap.TemplateTypedef, map[uint32]string{0: "inner_zero", 1: "inner_one"}}),
)

// The kernel wants a map as the template when the outer map is made. Nothing needs that map
// afterwards.
var _ = Table("mapinmap.template.let-go", func(s *Session, f filling) {
	before := s.Kernel()
	loaded := s.MustLoad(f.object)
	allowed := s.Kernel() // with the object's programs and types
	allowed.Maps = append(slices.Clone(before.Maps), loaded.MapID("outer"))
	for _, inner := range f.inner {
		allowed.Maps = append(allowed.Maps, loaded.MapID(inner))
	}
	slices.Sort(allowed.Maps)
	Expect(s.Kernel()).To(HoldNothingBeyond(allowed))
},
	fillings[0], fillings[2],
	Entry("none", filling{objects.MapInMap.SlotsNone, map[uint32]string{0: "inner_zero"}}),
)

var _ = Table("mapinmap.template.value-size", makesTheSame,
	Entry("four", filling{objects.MapInMap.ValueSizeFour, map[uint32]string{0: "inner_zero", 1: "inner_one"}}),
	Entry("zero", filling{objects.MapInMap.ValueSizeZero, map[uint32]string{0: "inner_zero", 1: "inner_one"}}),
	Entry("type", filling{objects.MapInMap.ValueType, map[uint32]string{0: "inner_zero", 1: "inner_one"}}),
)

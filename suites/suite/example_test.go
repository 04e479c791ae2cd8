// SPDX-License-Identifier: Apache-2.0

package suite_test

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A spec says one thing about loaders, in their own words.
var _ = It("mapdefs.btf.unknown-field-ignored", func(s *Session) {
	plain := s.MustLoad(objects.MapDefs.Plain).Map("m")
	loaded := s.MustLoad(objects.MapDefs.UnknownField, IgnoreUnknownFields)
	Expect(loaded.Map("m")).To(BeTheSameMapAs(plain))
})

// A refusal proves something only beside a control: the same object without the fault, which loads.
var _ = Refusal("mapdefs.btf.static-refused",
	objects.MapDefs.HashUse, objects.MapDefs.StaticMap, AtOpen, BadMapDef, UnknownMapKind)

// A table makes a spec of each entry: mapinmap.inner.fits/same and mapinmap.inner.fits/larger-hash.
var _ = Table("mapinmap.inner.fits", func(s *Session, o objects.Object) {
	loaded := s.MustLoad(o)
	Expect(loaded.Lookup("outer", U32(0))).To(Equal(U32(loaded.MapID("inner_zero"))))
},
	Entry("same", objects.MapInMap.MismatchNone),
	Entry("larger-hash", objects.MapInMap.SizeHash),
)

// Specs stand at package level, three ways. Importing their package registers them, and package
// runner runs those that an order names.
func Example() {}

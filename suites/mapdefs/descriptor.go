// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// An element of a perf event array is a descriptor, of 4 bytes in every kernel.
var _ = Table("mapdefs.btf.descriptor-sizes", func(s *Session, o objects.Object) {
	both := s.MustLoad(objects.MapDefs.DescriptorsBoth).Map("m")
	Expect(s.MustLoad(o).Map("m")).To(BeTheSameMapAs(both))
},
	Entry("none", objects.MapDefs.DescriptorsNone),
	Entry("key", objects.MapDefs.DescriptorsKey),
	Entry("value", objects.MapDefs.DescriptorsValue),
)

// What a definition says stays, for the kernel to refuse.
var _ = It("mapdefs.btf.descriptor-sizes-kept", func(s *Session) {
	refuses(s, objects.MapDefs.DescriptorsBoth, objects.MapDefs.DescriptorsWide, Invalid, BadMapDef)
})

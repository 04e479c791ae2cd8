// SPDX-License-Identifier: Apache-2.0

package structops

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

const laidOut = "ls_tcp_layout"

// mustBeLaidOut registers a structure, and looks at where its members are in the kernel's.
func mustBeLaidOut(loaded *Attempt) {
	loaded.MustRegister("ca")
	facts := loaded.StructOps("ca")
	Expect(facts.Programs()).To(Equal(programs(loaded)))
	Expect(valueOf(facts, "name")).To(Equal(text(laidOut)))
	Expect(available()).To(ContainElement(laidOut))
}

var _ = Table("structops.layout.by-name", func(s *Session, o objects.Object) {
	mustBeLaidOut(s.MustLoad(o))
},
	Entry("fewer", objects.StructOps.Layout),
	Entry("backwards", objects.StructOps.LayoutBackwards),
	Entry("flavour", objects.StructOps.LayoutFlavour),
	Entry("more", objects.StructOps.LayoutUnknownZero),
	Entry("more-functions", objects.StructOps.LayoutUnknownZeroFunction),
)

var _ = Table("structops.layout.unknown-refused", func(s *Session, o objects.Object) {
	s.Refuses(objects.StructOps.Layout, o, AtLoad, NotSupported)
},
	Entry("number", objects.StructOps.LayoutUnknownNumber),
	Entry("text", objects.StructOps.LayoutUnknownText),
)

// A loader may leave out a program that this kernel would never call.
var _ = It("structops.layout.unknown-function", func(s *Session) {
	loaded := s.Load(objects.StructOps.LayoutUnknownFunction)
	if !loaded.OK() {
		s.Refuses(objects.StructOps.Layout, objects.StructOps.LayoutUnknownFunction, AtLoad)
		return
	}
	Expect(s.Kernel()).NotTo(HoldProgram("other"))
	mustBeLaidOut(loaded)
})

var _ = Table("structops.layout.size-refused", func(s *Session, o objects.Object) {
	s.Refuses(objects.StructOps.Layout, o, AtLoad, NotSupported)
},
	Entry("wider", objects.StructOps.LayoutFlagsWide),
	Entry("narrower", objects.StructOps.LayoutFlagsNarrow),
	Entry("shorter-text", objects.StructOps.LayoutNameShort),
)

var _ = Table("structops.layout.kind-refused", func(s *Session, o objects.Object) {
	s.Refuses(objects.StructOps.Layout, o, AtLoad, NotSupported, Invalid)
},
	Entry("structure-for-number", objects.StructOps.LayoutFlagsStruct),
	Entry("bitfield-for-number", objects.StructOps.LayoutFlagsBits),
	Entry("function-for-number", objects.StructOps.LayoutFlagsFunction),
	Entry("number-for-function", objects.StructOps.LayoutFunctionNumber),
)

var _ = It("structops.layout.address-refused", func(s *Session) {
	s.Refuses(objects.StructOps.Layout, objects.StructOps.LayoutOwner, AtOpen)
})

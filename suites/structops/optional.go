// SPDX-License-Identifier: Apache-2.0

package structops

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// What is optional is not made, nor are the programs that it alone has.
var _ = It("structops.optional.left-out", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.TwoOneOptional)
	Expect(s.Kernel()).NotTo(HoldProgram("start_second"))
	Expect(loaded.ProgramID("threshold")).NotTo(BeZero()) // the other structure has it too
	loaded.MustRegister("first")
	Expect(available()).To(ContainElement(first))
	Expect(loaded.Register("second")).To(BeRejected(AtAttach))
})

var _ = Table("structops.optional.asked-for", func(s *Session, of control) {
	loaded := s.Open(of.object).SetMap("ca", AutoCreate, true).MustLoad()
	loaded.MustRegister("ca")
	Expect(available()).To(ContainElement(of.title))
	Expect(loaded.StructOps("ca")).To(BeInState(of.registered))
},
	Entry("link", control{objects.StructOps.TCPOptional, linked, 4001, "READY"}),
	Entry("map", control{objects.StructOps.TCPOptionalByMap, linked, 4001, "INUSE"}),
)

// An optional structure may be one that this kernel does not have.
var _ = It("structops.optional.unknown-type", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.AnyOptional)
	Expect(loaded.Map("beside").MaxEntries).To(BeEquivalentTo(1))
})

var _ = It("structops.optional.unknown-type-asked-for-refused", func(s *Session) {
	s.Control(objects.StructOps.AnyOptional)
	before := s.Kernel()
	refused := s.Open(objects.StructOps.AnyOptional).SetMap("any", AutoCreate, true).Load()
	Expect(refused).To(BeRejected(AtAnyStage, NotFound, NotSupported))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

// Any structure can be left out, with the programs that it alone has.
var _ = It("structops.optional.on-request", func(s *Session) {
	loaded := s.Open(objects.StructOps.Two).SetMap("second", AutoCreate, false).MustLoad()
	Expect(s.Kernel()).NotTo(HoldProgram("start_second"))
	loaded.MustRegister("first")
	Expect(available()).To(ContainElement(first))
})

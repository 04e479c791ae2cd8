// SPDX-License-Identifier: Apache-2.0

package structops

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// What a program becomes follows from the member that it is in, not from its section's name.
var _ = Table("structops.program.member-decides", func(s *Session, of programOf) {
	loaded := s.MustLoad(of.object)
	loaded.MustRegister("ca")
	Expect(loaded.StructOps("ca").Programs()).To(
		HaveKeyWithValue("init", loaded.ProgramID(of.program)))
},
	Entry("named", programOf{objects.StructOps.Program, "start"}),
	Entry("bare", programOf{objects.StructOps.ProgramBare, "bare"}),
	Entry("other-name", programOf{objects.StructOps.ProgramMisnamed, "misnamed"}),
)

// A programOf names a program for init.
type programOf struct {
	object  objects.Object
	program string
}

// A program can be the same function of two structures.
var _ = It("structops.program.two-structures", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.Two)
	loaded.MustRegister("first")
	loaded.MustRegister("second")
	id := loaded.ProgramID("threshold")
	for _, structure := range []string{"first", "second"} {
		Expect(loaded.StructOps(structure).Programs()).To(HaveKeyWithValue("ssthresh", id))
	}
})

var _ = It("structops.program.two-members-refused", func(s *Session) {
	s.Refuses(objects.StructOps.Program, objects.StructOps.ProgramTwoMembers, AtLoad, Invalid,
		BadProgram)
})

// Nothing tells what function of which structure it would be.
var _ = It("structops.program.in-none-refused", func(s *Session) {
	s.Refuses(objects.StructOps.Program, objects.StructOps.ProgramSpare, AtLoad)
})

var _ = It("structops.program.in-none-left-out", func(s *Session) {
	loaded := s.Open(objects.StructOps.ProgramSpare).SetProgram("spare", AutoLoad, false).MustLoad()
	loaded.MustRegister("ca")
	Expect(available()).To(ContainElement("ls_tcp_program"))
})

var _ = It("structops.program.other-type-refused", func(s *Session) {
	s.Refuses(objects.StructOps.Program, objects.StructOps.ProgramXDP, AtOpen, Invalid, BadProgram)
})

var _ = It("structops.program.unsafe-refused", func(s *Session) {
	s.Refuses(objects.StructOps.Program, objects.StructOps.ProgramBad, AtLoad, Verifier, Permission)
})

// A loader may refuse to leave out what a structure needs, or load it after all. It does not
// register the structure without.
var _ = It("structops.program.needed-left-out", func(s *Session) {
	s.Control(objects.StructOps.TCP)
	asked := s.Open(objects.StructOps.TCP).SetProgram("start", AutoLoad, false).Load()
	if !asked.OK() {
		Expect(asked).To(BeRejected(AtLoad))
		return
	}
	registered := asked.Register("ca")
	if !registered.OK() {
		Expect(registered).To(BeRejected(AtAttach))
		Expect(available()).NotTo(ContainElement(linked))
		return
	}
	Expect(asked.StructOps("ca").Programs()).To(HaveKeyWithValue("init", asked.ProgramID("start")))
})

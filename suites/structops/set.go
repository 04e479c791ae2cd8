// SPDX-License-Identifier: Apache-2.0

package structops

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("structops.set.number", func(s *Session) {
	loaded := s.Open(objects.StructOps.MemberFlags).SetMember("ca", "flags", 1).MustLoad()
	loaded.MustRegister("ca")
	Expect(valueOf(loaded.StructOps("ca"), "flags")).To(Equal(U32(1)))
})

var _ = It("structops.set.text", func(s *Session) {
	loaded := s.Open(objects.StructOps.TCP).SetMember("ca", "name", "ls_tcp_other").MustLoad()
	loaded.MustRegister("ca")
	Expect(valueOf(loaded.StructOps("ca"), "name")).To(Equal(text("ls_tcp_other")))
	Expect(available()).To(ContainElement("ls_tcp_other"))
	Expect(available()).NotTo(ContainElement(linked))
})

// A shorter text leaves nothing of a longer one behind.
var _ = It("structops.set.shorter-text", func(s *Session) {
	loaded := s.Open(objects.StructOps.MemberFlags).SetMember("ca", "name", "ls").MustLoad()
	loaded.MustRegister("ca")
	Expect(valueOf(loaded.StructOps("ca"), "name")).To(Equal(text("ls")))
})

// One program takes the place of another, which is in no structure then.
var _ = It("structops.set.program", func(s *Session) {
	loaded := s.Open(objects.StructOps.Two).
		SetMemberProgram("first", "init", "start_second").
		SetMemberProgram("second", "init", "").
		MustLoad()
	loaded.MustRegister("first")
	Expect(loaded.StructOps("first").Programs()).To(
		HaveKeyWithValue("init", loaded.ProgramID("start_second")))
	Expect(s.Kernel()).NotTo(HoldProgram("start_first"))
})

var _ = It("structops.set.no-program", func(s *Session) {
	loaded := s.Open(objects.StructOps.TCP).SetMemberProgram("ca", "init", "").MustLoad()
	loaded.MustRegister("ca")
	Expect(loaded.StructOps("ca").Programs()).NotTo(HaveKey("init"))
	Expect(available()).To(ContainElement(linked))
	Expect(s.Kernel()).NotTo(HoldProgram("start"))
})

// A member holds is one of the object's structure, and a value that fits it.
var _ = Table("structops.set.refused", func(s *Session, set func(*Attempt) *Attempt) {
	s.Control(objects.StructOps.MemberFlags)
	Expect(set(s.Open(objects.StructOps.MemberFlags))).To(BeRejected(AtOpen, Invalid, NotFound, Limit))
},
	Entry("no-such-structure", func(a *Attempt) *Attempt { return a.SetMember("cb", "flags", 1) }),
	Entry("no-such-member", func(a *Attempt) *Attempt { return a.SetMember("ca", "colour", 1) }),
	Entry("number-too-large",
		func(a *Attempt) *Attempt { return a.SetMember("ca", "flags", uint64(1)<<40) }),
	Entry("text-too-long",
		func(a *Attempt) *Attempt { return a.SetMember("ca", "name", "a name of twenty-one") }),
	Entry("text-for-number",
		func(a *Attempt) *Attempt { return a.SetMember("ca", "flags", "many") }),
	Entry("number-for-text", func(a *Attempt) *Attempt { return a.SetMember("ca", "name", 7) }),
	Entry("number-for-function",
		func(a *Attempt) *Attempt { return a.SetMember("ca", "ssthresh", 7) }),
	Entry("program-for-number",
		func(a *Attempt) *Attempt { return a.SetMemberProgram("ca", "flags", "undo") }),
	Entry("no-such-program",
		func(a *Attempt) *Attempt { return a.SetMemberProgram("ca", "ssthresh", "none") }),
)

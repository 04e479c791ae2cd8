// SPDX-License-Identifier: Apache-2.0

package structops

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/elfedit"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// mustRefuse has a loader refuse a structure, when it loads it or when it registers it: the kernel
// looks at what is in a map when it is filled.
func mustRefuse(s *Session, o objects.Object, title string, classes ...Class) {
	before := s.Kernel()
	refused, stage := s.Load(o), AtLoad
	if loaded := refused; loaded.OK() {
		refused, stage = loaded.Register("ca"), AtAttach
		defer func() {
			loaded.Close()
			Expect(s.Kernel()).To(HoldNothingBeyond(before))
		}()
	}
	Expect(refused).To(BeRejected(stage, classes...))
	Expect(available()).NotTo(ContainElement(title))
}

var _ = Table("structops.member.missing-refused", func(s *Session, o objects.Object) {
	s.Control(objects.StructOps.MemberFlags)
	mustRefuse(s, o, "ls_tcp_member", Invalid)
},
	Entry("ssthresh", objects.StructOps.MemberNoSsthresh),
	Entry("undo_cwnd", objects.StructOps.MemberNoUndoCwnd),
	Entry("cong_avoid", objects.StructOps.MemberNoCongAvoid),
)

var _ = It("structops.member.alternative", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.MemberCongControl)
	loaded.MustRegister("ca")
	Expect(loaded.StructOps("ca").Programs()).To(
		HaveKeyWithValue("cong_control", loaded.ProgramID("control")))
	Expect(available()).To(ContainElement("ls_tcp_member"))
})

// A badValue is an object that the kernel refuses for a value, beside one that it takes.
type badValue struct{ bad, good objects.Object }

var _ = Table("structops.member.value-refused", func(s *Session, v badValue) {
	s.Control(v.good)
	mustRefuse(s, v.bad, "ls_tcp_member", Invalid)
},
	Entry("flags", badValue{objects.StructOps.MemberFlagsUnknown, objects.StructOps.MemberFlags}),
	Entry("flags-by-map", badValue{objects.StructOps.MemberFlagsUnknownByMap, objects.StructOps.TCPByMap}),
)

var _ = It("structops.member.name-empty-refused", func(s *Session) {
	s.Control(objects.StructOps.TCP)
	mustRefuse(s, objects.StructOps.TCPTitleEmpty, "", Invalid)
})

var _ = It("structops.member.name-with-space-refused", func(s *Session) {
	s.Control(objects.StructOps.TCP)
	mustRefuse(s, objects.StructOps.TCPTitleSpace, "ls", Invalid)
})

var _ = It("structops.member.name-without-end-refused", func(s *Session) {
	s.Control(objects.StructOps.TCP)
	mustRefuse(s, objects.StructOps.TCPTitleFull, "ls_tcp_full_nam", Invalid)
})

var _ = It("structops.member.name-longest", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.TCPTitleLong)
	loaded.MustRegister("ca")
	Expect(available()).To(ContainElement("ls_tcp_long_nam"))
})

// The kernel calls no program in the place of get_info.
var _ = It("structops.member.unsupported-refused", func(s *Session) {
	s.Control(objects.StructOps.MemberFlags)
	mustRefuse(s, objects.StructOps.MemberGetInfo, "ls_tcp_member", Verifier, NotSupported, Invalid)
})

var _ = It("structops.program.license-refused", func(s *Session) {
	bad := objects.StructOps.TCP.With(elfedit.SetBytes("license", 0, []byte("Unknown")...))
	s.Refuses(objects.StructOps.TCP, bad, AtLoad, Verifier, Invalid)
})

// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"slices"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// text returns a member of 16 bytes that holds a text.
func text(s string) []byte { return append([]byte(s), make([]byte, 16-len(s))...) }

// valueOf returns what the kernel has in a member of data of the registered structure.
func valueOf(facts oracle.StructOpsFacts, member string) []byte {
	m, _ := facts.Member(member)
	return m.Value
}

// programs returns the ids that the loader gives for the functions of the objects, by member.
func programs(loaded *Attempt) map[string]uint32 {
	return map[string]uint32{
		"init": loaded.ProgramID("start"), "ssthresh": loaded.ProgramID("threshold"),
		"undo_cwnd": loaded.ProgramID("undo"), "cong_avoid": loaded.ProgramID("avoid"),
	}
}

var _ = Table("structops.value.programs", func(s *Session, of control) {
	loaded := s.MustLoad(of.object)
	loaded.MustRegister("ca")
	Expect(loaded.StructOps("ca").Programs()).To(Equal(programs(loaded)))
}, controls...)

var _ = It("structops.value.number", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.MemberFlags)
	loaded.MustRegister("ca")
	Expect(valueOf(loaded.StructOps("ca"), "flags")).To(Equal(U32(2)))
})

var _ = Table("structops.value.text", func(s *Session, of control) {
	loaded := s.MustLoad(of.object)
	loaded.MustRegister("ca")
	Expect(valueOf(loaded.StructOps("ca"), "name")).To(Equal(text(of.title)))
}, controls...)

// What an object does not know of the kernel's structure is zero, also what the kernel has between
// the object's members.
var _ = Table("structops.value.rest-zero", func(s *Session, of control) {
	loaded := s.MustLoad(of.object)
	loaded.MustRegister("ca")
	known := []string{"init", "ssthresh", "undo_cwnd", "cong_avoid", "name"}
	for _, m := range loaded.StructOps("ca").Members {
		if m.Func && !slices.Contains(known, m.Name) {
			Expect(m.Program).To(BeZero(), m.Name)
		}
	}
	Expect(valueOf(loaded.StructOps("ca"), "flags")).To(Equal(U32(0)))
	Expect(valueOf(loaded.StructOps("ca"), "key")).To(Equal(U32(0)))
}, controls...)

var _ = Table("structops.map.attributes", func(s *Session, of control) {
	loaded := s.MustLoad(of.object)
	facts := loaded.Map("ca")
	Expect(facts.Type).To(Equal("struct_ops"))
	Expect(facts.Name).To(Equal("ca"))
	Expect(facts.KeySize).To(BeEquivalentTo(4))
	Expect(facts.MaxEntries).To(BeEquivalentTo(1))
	Expect(loaded.StructOps("ca").Type).To(Equal("tcp_congestion_ops"))
}, controls...)

// The programs are of the type that structures have, and nothing else in the kernel has them.
var _ = It("structops.program.kind", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.TCP)
	for _, name := range []string{"start", "threshold", "undo", "avoid"} {
		Expect(loaded.Program(name).Type).To(Equal("struct_ops"), name)
	}
})

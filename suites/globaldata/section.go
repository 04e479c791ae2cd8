// SPDX-License-Identifier: Apache-2.0

package globaldata

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A reader says which program of an object gives the value of a variable.
type reader struct {
	program string
	value   uint32
}

var _ = Table("globaldata.section.initial", func(s *Session, r reader) {
	Expect(s.MustLoad(objects.GlobalData.Values).Run(r.program)).To(Equal(r.value))
},
	Entry("bss", reader{"read_zero", 0}),
	Entry("data", reader{"read_initialised", 40}),
	Entry("rodata", reader{"read_constant", 7}),
)

// A writer says which program of an object writes which value to the only variable of a section,
// and which one reads it.
type writer struct {
	section     string
	write, read string
	value       uint32
}

var _ = Table("globaldata.section.written", func(s *Session, w writer) {
	loaded := s.MustLoad(objects.GlobalData.Values)
	Expect(loaded.Run(w.read)).NotTo(Equal(w.value))
	loaded.Run(w.write)
	Expect(loaded.Run(w.read)).To(Equal(w.value))
	section := loaded.DataMap(w.section)
	Expect(loaded.Program(w.write).Maps).To(ContainElement(loaded.MapID(section)))
	Expect(loaded.Lookup(section, U32(0))).To(Equal(U32(w.value)))
},
	Entry("bss", writer{".bss", "write_zero", "read_zero", 1}),
	Entry("data", writer{".data", "write_initialised", "read_initialised", 41}),
)

// readOnlyForPrograms has the value of BPF_F_RDONLY_PROG.
const readOnlyForPrograms = 1 << 7

var _ = It("globaldata.readonly.frozen", func(s *Session) {
	loaded := s.MustLoad(objects.GlobalData.Values)
	constants := loaded.DataMap(".rodata")
	Expect(loaded.Program("read_constant").Maps).To(ContainElement(loaded.MapID(constants)))
	facts := loaded.Map(constants)
	Expect(facts.Frozen).To(BeTrue(), "for user space")
	Expect(facts.Flags&readOnlyForPrograms).NotTo(BeZero(), "for programs")
})

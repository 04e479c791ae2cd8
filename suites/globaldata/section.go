// SPDX-License-Identifier: Apache-2.0

package globaldata

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// ask runs the program of an object that does one of several things, by the number of the thing in
// the object's source, and returns what the program returned.
func ask(loaded *Attempt, what byte) uint32 {
	packet := make([]byte, 64)
	packet[0] = what
	return loaded.RunOver("use", packet)
}

// What objects.GlobalData.Values can be asked.
const (
	readConstant, readInitialised, readZero = 0, 1, 2
	writeInitialised, writeZero             = 3, 4
)

// A reader says what gives the value of a variable.
type reader struct {
	ask   byte
	value uint32
}

var _ = Table("globaldata.section.initial", func(s *Session, r reader) {
	Expect(ask(s.MustLoad(objects.GlobalData.Values), r.ask)).To(Equal(r.value))
},
	Entry("bss", reader{readZero, 0}),
	Entry("data", reader{readInitialised, 40}),
	Entry("rodata", reader{readConstant, 7}),
)

// A writer says what writes which value to the only variable of a section, and what reads it.
type writer struct {
	section     string
	write, read byte
	value       uint32
}

var _ = Table("globaldata.section.written", func(s *Session, w writer) {
	loaded := s.MustLoad(objects.GlobalData.Values)
	Expect(ask(loaded, w.read)).NotTo(Equal(w.value))
	ask(loaded, w.write)
	Expect(ask(loaded, w.read)).To(Equal(w.value))
	section := loaded.DataMap(w.section)
	Expect(loaded.Program("use").Maps).To(ContainElement(loaded.MapID(section)))
	Expect(loaded.Lookup(section, U32(0))).To(Equal(U32(w.value)))
},
	Entry("bss", writer{".bss", writeZero, readZero, 1}),
	Entry("data", writer{".data", writeInitialised, readInitialised, 41}),
)

// readOnlyForPrograms has the value of BPF_F_RDONLY_PROG.
const readOnlyForPrograms = 1 << 7

var _ = It("globaldata.readonly.frozen", func(s *Session) {
	loaded := s.MustLoad(objects.GlobalData.Values)
	constants := loaded.DataMap(".rodata")
	Expect(loaded.Program("use").Maps).To(ContainElement(loaded.MapID(constants)))
	facts := loaded.Map(constants)
	Expect(facts.Frozen).To(BeTrue(), "for user space")
	Expect(facts.Flags&readOnlyForPrograms).NotTo(BeZero(), "for programs")
})

var _ = It("globaldata.close.gone", func(s *Session) {
	before := s.Kernel()
	loaded := s.MustLoad(objects.GlobalData.Values)
	ask(loaded, writeZero)
	loaded.Close()
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

// SPDX-License-Identifier: Apache-2.0

package globaldata

import (
	"errors"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// pointsIntoPerCPU reports whether a program of this kernel may point into the value of a map of
// type PERCPU_ARRAY, as it may into that of an ARRAY.
func pointsIntoPerCPU() bool {
	m, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: 8,
		MaxEntries: 1})
	Expect(err).NotTo(HaveOccurred())
	defer m.Close()
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.SocketFilter, License: "GPL",
		Instructions: asm.Instructions{asm.LoadMapValue(asm.R1, m.FD(), 0), asm.Mov.Imm(asm.R0, 0),
			asm.Return()}})
	if errors.Is(err, unix.EINVAL) {
		return false
	}
	Expect(err).NotTo(HaveOccurred())
	Expect(p.Close()).To(Succeed())
	return true
}

// Each CPU begins with what the source has. A kernel whose programs reach no such variables is one
// on which no loader may load the program: it would find those of all CPUs, or none.
var _ = It("globaldata.percpu.own", func(s *Session) {
	if !pointsIntoPerCPU() {
		s.Refuses(objects.Rights.Socket, objects.GlobalData.Percpu, AtAnyStage)
		return
	}
	loaded := s.MustLoad(objects.GlobalData.Percpu)
	Expect(ask(loaded, 0)).To(Equal(uint32(42)))
	Expect(ask(loaded, 1)).To(Equal(uint32(10))) // whichever CPU it is
	Expect(ask(loaded, 2)).To(Equal(uint32(1)))
	Expect(loaded.Map(loaded.DataMap(".percpu")).Type).To(Equal("percpu_array"))
})

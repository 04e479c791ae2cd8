// SPDX-License-Identifier: Apache-2.0

package globaldata

import (
	"github.com/cilium/ebpf"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// makesArenas reports whether this kernel makes an arena. One may know them and make none: without
// a JIT, or where it has no page tables for 4 GB of addresses left.
func makesArenas() bool {
	const mmapable = 1 << 10 // BPF_F_MMAPABLE
	arena, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Arena, MaxEntries: 10, Flags: mmapable})
	if err != nil {
		return false
	}
	Expect(arena.Close()).To(Succeed())
	return true
}

// A program finds the variables of an arena as the source has them, and what it writes stays.
var _ = It("globaldata.arena.variables", func(s *Session) {
	if !makesArenas() {
		s.Refuses(objects.Rights.Socket, objects.GlobalData.ArenaVariables, AtAnyStage)
		return
	}
	loaded := s.MustLoad(objects.GlobalData.ArenaVariables)
	Expect(ask(loaded, 0)).To(Equal(uint32(42)))
	Expect(ask(loaded, 1)).To(Equal(uint32(1)))
	Expect(ask(loaded, 2)).To(Equal(uint32(3)))
	Expect(ask(loaded, 2)).To(Equal(uint32(6)))
	Expect(ask(loaded, 1)).To(Equal(uint32(7)))
	Expect(ask(loaded, 0)).To(Equal(uint32(42)))
})

// Nothing says where variables are that no arena holds. The control has no arena and no data:
// neither all kernels nor all loaders make an arena, and some keep maps of data for a while.
var _ = Table("globaldata.arena.misfit-refused", func(s *Session, bad objects.Object) {
	s.Refuses(objects.Rights.Socket, bad, AtAnyStage,
		BadMapDef, BadRelocation, Invalid, NotSupported, Malformed, Limit)
},
	Entry("none", objects.GlobalData.ArenaNone),
	Entry("two", objects.GlobalData.ArenaTwo),
	Entry("small", objects.GlobalData.ArenaSmall),
)

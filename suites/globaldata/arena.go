// SPDX-License-Identifier: Apache-2.0

package globaldata

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A program finds the variables of an arena as the source has them, and what it writes stays.
var _ = It("globaldata.arena.variables", func(s *Session) {
	if err := s.ArenaFails(0, 10); err != nil {
		s.Refuses(objects.Rights.Socket, objects.GlobalData.ArenaVariables, AtAnyStage)
		s.SkipArena(err)
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

// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// What an object says of its programs reaches the kernel with them.

var _ = It("mapdefs.program.source-known", func(s *Session) {
	facts := s.MustLoad(objects.MapDefs.Subprogram).Program("count")
	Expect(facts.Functions).To(ConsistOf("count", "add"))
	Expect(facts.Lines).To(BeNumerically(">", len(facts.Functions)))
})

// The kernel has a jump between two programs only where both take packets in fragments, or neither
// does.
var _ = It("mapdefs.program.frags", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.Frags)
	Expect(loaded.Run("jump")).To(Equal(uint32(77)))
	loaded.Close()
	s.Refuses(objects.MapDefs.Frags, objects.MapDefs.FragsJumpToPlain, AtAnyStage, Invalid, Verifier,
		NotSupported)
})

// The verifier lets a program copy from user space only where it may sleep.
var _ = Table("mapdefs.program.sleepable", func(s *Session, o objects.Object) {
	Expect(s.MustLoad(o).ProgramID("copy")).NotTo(BeZero())
},
	Entry("syscall", objects.MapDefs.SleepableSyscall),
	Entry("uprobe", objects.MapDefs.SleepableUprobe),
)

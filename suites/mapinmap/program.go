// SPDX-License-Identifier: Apache-2.0

package mapinmap

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// An array of programs is filled like a map of maps, from values, but after the programs are
// loaded.

var _ = It("mapinmap.programs.filled", func(s *Session) {
	loaded := s.MustLoad(objects.MapInMap.Programs)
	Expect(slots(loaded, "jumps")).To(Equal(map[uint32]uint32{
		0: loaded.ProgramID("first"), 1: loaded.ProgramID("second"),
	}))
})

var _ = It("mapinmap.programs.filled/gaps", func(s *Session) {
	loaded := s.MustLoad(objects.MapInMap.ProgramsGaps)
	Expect(slots(loaded, "jumps")).To(Equal(map[uint32]uint32{
		1: loaded.ProgramID("first"), 3: loaded.ProgramID("second"),
	}))
})

var _ = It("mapinmap.programs.jump", func(s *Session) {
	loaded := s.MustLoad(objects.MapInMap.Programs)
	const tx = 3 // XDP_TX, what second returns
	Expect(loaded.Run("jump")).To(Equal(uint32(tx)))
})

var _ = Table("mapinmap.programs.target-refused",
	refused(Invalid, NotSupported, NotFound, Malformed),
	Entry("data", fault{objects.MapInMap.Programs, objects.MapInMap.ProgramsData}),
	Entry("extern", fault{objects.MapInMap.Programs, objects.MapInMap.ProgramsExtern}),
	Entry("subprogram", fault{objects.MapInMap.Programs, objects.MapInMap.ProgramsSub}),
)

var _ = Refusal("mapinmap.programs.beyond-refused",
	objects.MapInMap.Programs, objects.MapInMap.ProgramsBeyond, AtAnyStage, Invalid, Limit)

// A caller that leaves out a program which the object has in a slot asks for two things at once.
// The answer is a refusal, not a hole in the array without a word.
var _ = It("mapinmap.programs.left-out", func(s *Session) {
	s.Control(objects.MapInMap.Programs)
	before := s.Kernel()
	loaded := s.Open(objects.MapInMap.Programs).SetProgram("second", AutoLoad, false).Load()
	Expect(loaded).NotTo(BeOK())
	loaded.Close()
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

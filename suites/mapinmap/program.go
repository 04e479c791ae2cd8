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

// pinnedPrograms loads an object whose array of programs is pinned, and returns its folder and the
// program that was put in slot 0. The pin alone holds both.
func pinnedPrograms(s *Session) (folder string, first uint32) {
	s.Keep("jumps")
	loaded := s.MustLoad(objects.MapInMap.PinnedPrograms, PinRoot(s.BPFFS()))
	Expect(loaded.Run("jump")).To(Equal(uint32(xdpPass)))
	first = loaded.ProgramID("first")
	loaded.Close()
	return s.BPFFS(), first
}

// What second returns in the versions of the object.
const (
	xdpPass = 2
	xdpTX   = 3
)

var _ = It("mapinmap.programs.pinned-filled-again", func(s *Session) {
	folder, _ := pinnedPrograms(s)
	next := s.MustLoad(objects.MapInMap.PinnedProgramsNext, PinRoot(folder))
	Expect(slots(next, "jumps")).To(Equal(map[uint32]uint32{
		0: next.ProgramID("first"), 1: next.ProgramID("second"),
	}))
	Expect(next.Run("jump")).To(Equal(uint32(xdpTX)))
})

var _ = It("mapinmap.programs.pinned-others-stay", func(s *Session) {
	folder, first := pinnedPrograms(s)
	next := s.MustLoad(objects.MapInMap.PinnedProgramsOne, PinRoot(folder))
	held := slots(next, "jumps")
	Expect(held).To(HaveLen(2))
	Expect(held).To(HaveKeyWithValue(uint32(0), first))
})

var _ = It("mapinmap.programs.pinned-refused-unchanged", func(s *Session) {
	folder, _ := pinnedPrograms(s)
	before := slotsPinned(s, folder+"/jumps")
	next := s.Open(objects.MapInMap.PinnedProgramsNext, PinRoot(folder)).
		SetProgram("second", AutoLoad, false).Load()
	Expect(next).NotTo(BeOK())
	next.Close()
	Expect(slotsPinned(s, folder+"/jumps")).To(Equal(before))
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

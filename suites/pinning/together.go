// SPDX-License-Identifier: Apache-2.0

package pinning

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("pinning.together.shared", func(s *Session) {
	folder := keeping(s, "counts")
	ours := s.MustLoad(objects.Pinning.Counter, PinRoot(folder))
	theirs := s.Another().MustLoad(objects.Pinning.Counter, PinRoot(folder))
	ours.Run("count", packet)
	theirs.Run("count", packet)
	Expect(theirs.MapID("counts")).To(Equal(ours.MapID("counts")))
	Expect(s.PinnedValue(folder+"/counts", u32(0))).To(Equal(u64(2)))
})

// rounds is how often two loaders race. A race that nobody wins by luck is lost in some of so many.
const rounds = 30

var _ = It("pinning.together.race", func(s *Session) {
	folder := s.PinFolder()
	other := s.Another()
	for range rounds {
		ours := s.Open(objects.Pinning.Counter, PinRoot(folder))
		theirs := other.Open(objects.Pinning.Counter, PinRoot(folder))
		LoadTogether(ours, theirs)
		Expect(ours).To(BeOK())
		Expect(theirs).To(BeOK())
		expectOneMap(s, folder+"/counts", ours, theirs)
		ours.Close()
		theirs.Close()
		s.RemovePin(folder + "/counts")
	}
})

// expectOneMap expects that two loaders have the map that is pinned at path, and that their programs use it.
func expectOneMap(s *Session, path string, ours, theirs *Attempt) {
	id := s.Pin(path).Object.ID
	Expect(ours.Program("count").Maps).To(ConsistOf(id))
	Expect(theirs.Program("count").Maps).To(ConsistOf(id))
	Expect(ours.MapID("counts")).To(Equal(id))
	Expect(theirs.MapID("counts")).To(Equal(id))
}

var _ = It("pinning.together.loser-leaves-nothing", func(s *Session) {
	folder := s.PinFolder()
	before := s.Kernel()
	other := s.Another()
	for range rounds {
		ours := s.Open(objects.Pinning.Three, PinRoot(folder))
		theirs := other.Open(objects.Pinning.Three, PinRoot(folder))
		LoadTogether(ours, theirs)
		Expect(ours.OK() || theirs.OK()).To(BeTrue())
		ours.Close()
		theirs.Close()
		for _, name := range []string{"first", "middle", "third"} {
			s.RemovePin(folder + "/" + name)
		}
	}
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

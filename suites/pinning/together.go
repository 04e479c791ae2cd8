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
	ours.Run("count")
	theirs.Run("count")
	Expect(theirs.MapID("counts")).To(Equal(ours.MapID("counts")))
	Expect(s.PinnedValue(folder+"/counts", U32(0))).To(Equal(U64(2)))
})

// rounds says how often two loaders race. A loader that gets a race right by luck gets some of so
// many wrong.
const rounds = 30

var _ = It("pinning.together.race", func(s *Session) {
	folder := s.PinFolder()
	before := s.Kernel()
	other := s.Another()
	for range rounds {
		ours := s.Open(objects.Pinning.Counter, PinRoot(folder))
		theirs := other.Open(objects.Pinning.Counter, PinRoot(folder))
		LoadTogether(ours, theirs)
		Expect(ours).To(BeOK())
		Expect(theirs).To(BeOK())
		id := s.Pin(folder + "/counts").Object.ID
		for _, loaded := range []*Attempt{ours, theirs} {
			Expect(loaded.MapID("counts")).To(Equal(id))
			Expect(loaded.Program("count").Maps).To(ConsistOf(id))
			loaded.Close()
		}
		s.RemovePin(folder + "/counts")
	}
	Expect(s.Kernel()).To(HoldNothingBeyond(before)) // nor the map of who came second
})

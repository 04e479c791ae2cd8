// SPDX-License-Identifier: Apache-2.0

package pinning

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("pinning.path", func(s *Session) {
	folder := keeping(s, "one", "another")
	plain := s.Open(objects.Pinning.CounterUnpinned).
		SetMap("counts", PinPath, folder+"/one").MustLoad()
	named := s.Open(objects.Pinning.Counter, PinRoot(folder)).
		SetMap("counts", PinPath, folder+"/another").MustLoad()
	Expect(s.Pin(folder + "/one")).To(BeThePinOfMap(plain.MapID("counts")))
	Expect(s.Pin(folder + "/another")).To(BeThePinOfMap(named.MapID("counts")))
	Expect(s.PinsIn(folder)).To(ConsistOf("one", "another"))
})

var _ = It("pinning.path/reused", func(s *Session) {
	folder := keeping(s, "elsewhere")
	load := func() *Attempt {
		return s.Open(objects.Pinning.CounterUnpinned).
			SetMap("counts", PinPath, folder+"/elsewhere").MustLoad()
	}
	first := load()
	first.Run("count")
	id := first.MapID("counts")
	first.Close()
	again := load()
	again.Run("count")
	Expect(again.MapID("counts")).To(Equal(id))
	Expect(s.PinnedValue(folder+"/elsewhere", U32(0))).To(Equal(U64(2)))
})

// A loader may call the map by either name then (libbpf takes the pinned one's), so the program is
// asked which map it uses.
var _ = It("pinning.path/of-another-name", func(s *Session) {
	folder := keeping(s, "first", "middle", "third")
	three := s.MustLoad(objects.Pinning.Three, PinRoot(folder))
	counter := s.Open(objects.Pinning.CounterUnpinned).
		SetMap("counts", PinPath, folder+"/middle").MustLoad()
	counter.Run("count")
	Expect(three.Lookup("middle", U32(0))).To(Equal(U64(1)))
	Expect(counter.Program("count").Maps).To(ConsistOf(three.MapID("middle")))
})

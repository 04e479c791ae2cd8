// SPDX-License-Identifier: Apache-2.0

package pinning

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("pinning.use.instead-of-new", func(s *Session) {
	folder := keeping(s, "counts")
	first := s.MustLoad(objects.Pinning.Counter, PinRoot(folder))
	first.Run("count")
	pin := s.Pin(folder + "/counts")
	second := s.Open(objects.Pinning.CounterUnpinned).SetMap("counts", Reuse, pin.Path).MustLoad()
	second.Run("count")
	Expect(second.MapID("counts")).To(Equal(pin.Object.ID))
	Expect(second.Program("count").Maps).To(ConsistOf(pin.Object.ID))
	Expect(s.PinnedValue(pin.Path, U32(0))).To(Equal(U64(2)))
	second.Close()
	Expect(s.Pin(pin.Path)).To(BeUntouchedSince(pin))
	Expect(s.Pins()).To(ConsistOf("tc/globals/counts"))
})

var _ = It("pinning.use.incompatible-refused", func(s *Session) {
	folder := keeping(s, "counts")
	s.Control(objects.Pinning.CounterWide)
	s.Control(objects.Pinning.Counter, PinRoot(folder))
	refusesUntouched(s, []string{folder + "/counts"}, func() *Attempt {
		return s.Open(objects.Pinning.CounterWide).SetMap("counts", Reuse, folder+"/counts").Load()
	}, AtAnyStage, IncompatiblePin)
})

var _ = It("pinning.use.missing-refused", func(s *Session) {
	folder := keeping(s, "counts")
	s.Control(objects.Pinning.Counter, PinRoot(folder))
	s.Open(objects.Pinning.CounterUnpinned).
		SetMap("counts", Reuse, folder+"/counts").MustLoad().Close()
	refusesUntouched(s, []string{folder + "/nothing"}, func() *Attempt {
		return s.Open(objects.Pinning.CounterUnpinned).
			SetMap("counts", Reuse, folder+"/nothing").Load()
	}, AtAnyStage, NotFound)
})

var _ = It("pinning.use.program-refused", func(s *Session) {
	folder := keeping(s, "counts", "program")
	s.Control(objects.Pinning.Counter, PinRoot(folder))
	s.Open(objects.Pinning.CounterUnpinned).
		SetMap("counts", Reuse, folder+"/counts").MustLoad().Close()
	s.PutPin(folder+"/program", pinProgram)
	refusesUntouched(s, []string{folder + "/program"}, func() *Attempt {
		return s.Open(objects.Pinning.CounterUnpinned).
			SetMap("counts", Reuse, folder+"/program").Load()
	}, AtAnyStage, IncompatiblePin, IO, Verifier) // libbpf has the kernel find out
})

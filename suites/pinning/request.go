// SPDX-License-Identifier: Apache-2.0

package pinning

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("pinning.request.pin/map", func(s *Session) {
	folder := keeping(s, "pinned")
	loaded := s.MustLoad(objects.Pinning.CounterUnpinned)
	Expect(loaded.PinMap("counts", folder+"/pinned")).To(BeOK())
	Expect(s.Pin(folder + "/pinned")).To(BeThePinOfMap(loaded.MapID("counts")))
})

var _ = It("pinning.request.pin/program", func(s *Session) {
	folder := keeping(s, "pinned")
	loaded := s.MustLoad(objects.Pinning.CounterUnpinned)
	Expect(loaded.PinProgram("count", folder+"/pinned")).To(BeOK())
	Expect(s.Pin(folder + "/pinned")).To(BeThePinOfProgram(loaded.ProgramID("count")))
})

var _ = It("pinning.request.unpin/map", func(s *Session) {
	folder := s.PinFolder()
	loaded := s.MustLoad(objects.Pinning.CounterUnpinned)
	Expect(loaded.PinMap("counts", folder+"/pinned")).To(BeOK())
	Expect(s.Pin(folder + "/pinned")).NotTo(BeNoPin())
	Expect(loaded.UnpinMap("counts", folder+"/pinned")).To(BeOK())
	Expect(s.Pin(folder + "/pinned")).To(BeNoPin())
	loaded.Run("count", packet)
	Expect(loaded.Lookup("counts", u32(0))).To(Equal(u64(1)))
})

var _ = It("pinning.request.unpin/program", func(s *Session) {
	folder := s.PinFolder()
	loaded := s.MustLoad(objects.Pinning.CounterUnpinned)
	Expect(loaded.PinProgram("count", folder+"/pinned")).To(BeOK())
	Expect(s.Pin(folder + "/pinned")).NotTo(BeNoPin())
	Expect(loaded.UnpinProgram("count", folder+"/pinned")).To(BeOK())
	Expect(s.Pin(folder + "/pinned")).To(BeNoPin())
})

var _ = It("pinning.request.unpin/by-name", func(s *Session) {
	folder := s.PinFolder()
	loaded := s.MustLoad(objects.Pinning.Counter, PinRoot(folder))
	Expect(s.Pin(folder + "/counts")).To(BeThePinOfMap(loaded.MapID("counts")))
	Expect(loaded.UnpinMap("counts", folder+"/counts")).To(BeOK())
	Expect(s.Pin(folder + "/counts")).To(BeNoPin())
})

var _ = It("pinning.request.unpin-frees", func(s *Session) {
	folder := s.PinFolder()
	before := s.Kernel()
	loaded := s.MustLoad(objects.Pinning.CounterUnpinned)
	Expect(loaded.PinMap("counts", folder+"/map")).To(BeOK())
	Expect(loaded.PinProgram("count", folder+"/program")).To(BeOK())
	Expect(loaded.UnpinMap("counts", folder+"/map")).To(BeOK())
	Expect(loaded.UnpinProgram("count", folder+"/program")).To(BeOK())
	loaded.Close()
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

var _ = It("pinning.request.again", func(s *Session) {
	folder := keeping(s, "pinned")
	loaded := s.MustLoad(objects.Pinning.CounterUnpinned)
	Expect(loaded.PinMap("counts", folder+"/pinned")).To(BeOK())
	pin := s.Pin(folder + "/pinned")
	if again := loaded.PinMap("counts", folder+"/pinned"); !again.OK() {
		Expect(again).To(BeRejected(AtPin, NameConflict, Invalid))
	}
	Expect(s.Pin(folder + "/pinned")).To(BeUntouchedSince(pin))
})

var _ = It("pinning.request.again/elsewhere", func(s *Session) {
	folder := keeping(s, "pinned", "elsewhere")
	loaded := s.MustLoad(objects.Pinning.CounterUnpinned)
	Expect(loaded.PinMap("counts", folder+"/pinned")).To(BeOK())
	pin := s.Pin(folder + "/pinned")
	again := loaded.PinMap("counts", folder+"/elsewhere")
	if !again.OK() {
		Expect(again).To(BeRejected(AtPin, NameConflict, Invalid, Busy))
		Expect(s.Pin(folder + "/pinned")).To(BeUntouchedSince(pin))
		Expect(s.Pin(folder + "/elsewhere")).To(BeNoPin())
		return
	}
	Expect(s.Pin(folder + "/elsewhere")).To(BeThePinOfMap(loaded.MapID("counts")))
	Expect(s.Pin(folder + "/pinned")).To(Or(BeNoPin(), BeUntouchedSince(pin))) // a second pin, or the first moved
})

var _ = It("pinning.request.occupied-refused/map", func(s *Session) {
	folder := keeping(s, "pinned")
	theirs := s.MustLoad(objects.Pinning.CounterUnpinned)
	ours := s.MustLoad(objects.Pinning.CounterUnpinned)
	Expect(theirs.PinMap("counts", folder+"/pinned")).To(BeOK())
	refusesUntouched(s, []string{folder + "/pinned"}, func() *Attempt {
		return ours.PinMap("counts", folder+"/pinned")
	}, AtPin, NameConflict, IncompatiblePin)
})

var _ = It("pinning.request.occupied-refused/program", func(s *Session) {
	folder := keeping(s, "pinned")
	theirs := s.MustLoad(objects.Pinning.CounterUnpinned)
	ours := s.MustLoad(objects.Pinning.CounterUnpinned)
	Expect(theirs.PinProgram("count", folder+"/pinned")).To(BeOK())
	refusesUntouched(s, []string{folder + "/pinned"}, func() *Attempt {
		return ours.PinProgram("count", folder+"/pinned")
	}, AtPin, NameConflict, IncompatiblePin)
})

var _ = It("pinning.request.unpin-own-only", func(s *Session) {
	folder := keeping(s, "pinned")
	theirs := s.MustLoad(objects.Pinning.CounterUnpinned)
	ours := s.MustLoad(objects.Pinning.CounterUnpinned)
	Expect(theirs.PinMap("counts", folder+"/pinned")).To(BeOK())
	pin := s.Pin(folder + "/pinned")
	if answer := ours.UnpinMap("counts", folder+"/pinned"); !answer.OK() {
		Expect(answer).To(BeRejected(AtPin))
	}
	Expect(s.Pin(folder + "/pinned")).To(BeUntouchedSince(pin))
})

var _ = It("pinning.survives.close", func(s *Session) {
	folder := keeping(s, "counts", "program")
	loaded := s.MustLoad(objects.Pinning.Counter, PinRoot(folder))
	Expect(loaded.PinProgram("count", folder+"/program")).To(BeOK())
	loaded.Run("count", packet)
	program, pins := loaded.ProgramID("count"), []Pin{s.Pin(folder + "/counts"), s.Pin(folder + "/program")}
	loaded.Close()
	for _, pin := range pins {
		Expect(s.Pin(pin.Path)).To(BeUntouchedSince(pin))
	}
	Expect(pins[1]).To(BeThePinOfProgram(program))
	Expect(s.PinnedValue(folder+"/counts", u32(0))).To(Equal(u64(1)))
})

var _ = It("pinning.survives.close/by-name", func(s *Session) {
	folder := keeping(s, "counts")
	loaded := s.MustLoad(objects.Pinning.Counter, PinRoot(folder))
	loaded.Run("count", packet)
	pin := s.Pin(folder + "/counts")
	loaded.Close()
	Expect(s.Pin(pin.Path)).To(BeUntouchedSince(pin))
	Expect(s.PinnedValue(pin.Path, u32(0))).To(Equal(u64(1)))
})

var _ = It("pinning.survives.bye", func(s *Session) {
	folder := keeping(s, "counts")
	loaded := s.MustLoad(objects.Pinning.Counter, PinRoot(folder))
	loaded.Run("count", packet)
	pin := s.Pin(folder + "/counts")
	s.Restart()
	Expect(s.Pin(pin.Path)).To(BeUntouchedSince(pin))
	again := s.MustLoad(objects.Pinning.Counter, PinRoot(folder))
	again.Run("count", packet)
	Expect(again.MapID("counts")).To(Equal(pin.Object.ID))
	Expect(s.PinnedValue(pin.Path, u32(0))).To(Equal(u64(2)))
})

// SPDX-License-Identifier: Apache-2.0

package pinning

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("pinning.request.pin", func(s *Session) {
	folder := keeping(s, "map", "program")
	loaded := s.MustLoad(objects.Pinning.CounterUnpinned)
	Expect(loaded.PinMap("counts", folder+"/map")).To(BeOK())
	Expect(loaded.PinProgram("count", folder+"/program")).To(BeOK())
	theMap, theProgram := loaded.MapID("counts"), loaded.ProgramID("count")
	loaded.Run("count")
	loaded.Close()
	Expect(s.Pin(folder + "/map")).To(BeThePinOfMap(theMap))
	Expect(s.Pin(folder + "/program")).To(BeThePinOfProgram(theProgram))
	Expect(s.PinnedValue(folder+"/map", U32(0))).To(Equal(U64(1)))
})

var _ = It("pinning.request.unpin", func(s *Session) {
	// A loader that says that it unpins nothing leaves them, and they were asked for.
	folder := keeping(s, "map", "program")
	before := s.Kernel()
	loaded := s.MustLoad(objects.Pinning.CounterUnpinned)
	Expect(loaded.PinMap("counts", folder+"/map")).To(BeOK())
	Expect(loaded.PinProgram("count", folder+"/program")).To(BeOK())
	Expect(s.PinsIn(folder)).To(ConsistOf("map", "program"))
	Expect(loaded.UnpinMap("counts", folder+"/map")).To(BeOK())
	Expect(loaded.UnpinProgram("count", folder+"/program")).To(BeOK())
	Expect(s.PinsIn(folder)).To(BeEmpty())
	loaded.Run("count")
	Expect(loaded.Lookup("counts", U32(0))).To(Equal(U64(1)))
	loaded.Close()
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

var _ = It("pinning.request.unpin/by-name", func(s *Session) {
	folder := keeping(s, "counts")
	loaded := s.MustLoad(objects.Pinning.Counter, PinRoot(folder))
	Expect(s.Pin(folder + "/counts")).To(BeThePinOfMap(loaded.MapID("counts")))
	Expect(loaded.UnpinMap("counts", folder+"/counts")).To(BeOK())
	Expect(s.Pin(folder + "/counts")).To(BeNoPin())
})

var _ = It("pinning.request.again", func(s *Session) {
	folder := keeping(s, "pinned", "elsewhere")
	loaded := s.MustLoad(objects.Pinning.CounterUnpinned)
	Expect(loaded.PinMap("counts", folder+"/pinned")).To(BeOK())
	pin := s.Pin(folder + "/pinned")
	if again := loaded.PinMap("counts", folder+"/pinned"); !again.OK() {
		Expect(again).To(BeRejected(AtPin, NameConflict, Invalid))
	}
	Expect(s.Pin(folder + "/pinned")).To(BeUntouchedSince(pin))

	if elsewhere := loaded.PinMap("counts", folder+"/elsewhere"); !elsewhere.OK() {
		Expect(elsewhere).To(BeRejected(AtPin, NameConflict, Invalid, Busy))
		Expect(s.Pin(folder + "/pinned")).To(BeUntouchedSince(pin))
		Expect(s.Pin(folder + "/elsewhere")).To(BeNoPin())
		return
	}
	Expect(s.Pin(folder + "/elsewhere")).To(BeThePinOfMap(loaded.MapID("counts")))
	// Either the first pin moved, or a second was made.
	Expect(s.Pin(folder + "/pinned")).To(Or(BeNoPin(), BeUntouchedSince(pin)))
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
	folder := keeping(s, "counts")
	loaded := s.MustLoad(objects.Pinning.Counter, PinRoot(folder))
	loaded.Run("count")
	pin := s.Pin(folder + "/counts")
	loaded.Close()
	Expect(s.Pin(pin.Path)).To(BeUntouchedSince(pin))
	Expect(s.PinnedValue(pin.Path, U32(0))).To(Equal(U64(1)))
})

var _ = It("pinning.survives.bye", func(s *Session) {
	folder := keeping(s, "counts")
	loaded := s.MustLoad(objects.Pinning.Counter, PinRoot(folder))
	loaded.Run("count")
	pin := s.Pin(folder + "/counts")
	s.Restart()
	Expect(s.Pin(pin.Path)).To(BeUntouchedSince(pin))
	again := s.MustLoad(objects.Pinning.Counter, PinRoot(folder))
	again.Run("count")
	Expect(again.MapID("counts")).To(Equal(pin.Object.ID))
	Expect(s.PinnedValue(pin.Path, U32(0))).To(Equal(U64(2)))
})

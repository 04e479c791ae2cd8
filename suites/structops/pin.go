// SPDX-License-Identifier: Apache-2.0

package structops

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A pinned link keeps the structure registered when the loader is gone.
var _ = It("structops.pin.link", func(s *Session) {
	s.Keep("link")
	path := s.BPFFS() + "/link"
	loaded := s.MustLoad(objects.StructOps.TCP)
	attached := loaded.MustRegister("ca")
	Expect(attached.PinLink(path)).To(BeOK())
	Expect(s.Pin(path)).To(BeThePinOfLink(attached.LinkID()))
	loaded.Close()
	Expect(available()).To(ContainElement(linked))
	s.RemovePin(path)
	Eventually(available).WithTimeout(s.Patience(patience)).ShouldNot(ContainElement(linked))
})

var _ = It("structops.pin.unpin-link", func(s *Session) {
	path := s.BPFFS() + "/link"
	loaded := s.MustLoad(objects.StructOps.TCP)
	attached := loaded.MustRegister("ca")
	Expect(attached.PinLink(path)).To(BeOK())
	Expect(attached.UnpinLink(path)).To(BeOK())
	Expect(s.Pin(path)).To(BeNoPin())
	Expect(available()).To(ContainElement(linked))
	loaded.Close()
	mustBeGone(s, linked)
})

var _ = It("structops.pin.link-occupied-refused", func(s *Session) {
	path := s.BPFFS() + "/link"
	loaded := s.MustLoad(objects.StructOps.TCP)
	attached := loaded.MustRegister("ca")
	Expect(loaded.PinProgram("undo", path)).To(BeOK())
	Expect(attached.PinLink(path)).To(BeRejected(AtPin, NameConflict))
	Expect(s.Pin(path)).To(BeThePinOfProgram(loaded.ProgramID("undo")))
	Expect(loaded.UnpinProgram("undo", path)).To(BeOK())
})

// The pin of a map that a link registers keeps the structure, and not the registration.
var _ = It("structops.pin.map-of-link", func(s *Session) {
	s.Keep("map")
	path := s.BPFFS() + "/map"
	loaded := s.MustLoad(objects.StructOps.TCP)
	loaded.MustRegister("ca")
	Expect(loaded.PinMap("ca", path)).To(BeOK())
	Expect(s.Pin(path)).To(BeThePinOfMap(loaded.MapID("ca")))
	loaded.Close()
	mustBeGone(s, linked)
	Expect(s.PinnedMap(path).Type).To(Equal("struct_ops"))
})

// Closing unregisters what a map registers, pinned or not.
var _ = It("structops.pin.map", func(s *Session) {
	s.Keep("map")
	path := s.BPFFS() + "/map"
	loaded := s.MustLoad(objects.StructOps.TCPByMap)
	attached := loaded.MustRegister("ca")
	Expect(loaded.PinMap("ca", path)).To(BeOK())
	Expect(s.Pin(path)).To(BeThePinOfMap(loaded.MapID("ca")))
	attached.Detach()
	loaded.Close()
	mustBeGone(s, unlinked)
	Expect(s.PinnedMap(path).Type).To(Equal("struct_ops"))
})

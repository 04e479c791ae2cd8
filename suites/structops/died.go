// SPDX-License-Identifier: Apache-2.0

package structops

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// Nothing of a loader that dies before it registers anything stays.
var _ = Table("structops.died.loaded", func(s *Session, of control) {
	before := s.Kernel()
	loaded := s.MustLoad(of.object)
	Expect(loaded.StructOps("ca").Type).To(Equal("tcp_congestion_ops"))
	loaded.NeedsUnregistered("ca")
	s.Kill()
	Expect(available()).NotTo(ContainElement(of.title))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
}, controls...)

// A link goes with its last descriptor.
var _ = It("structops.died.registered-by-link", func(s *Session) {
	before := s.Kernel()
	s.MustLoad(objects.StructOps.TCP).MustRegister("ca")
	Expect(available()).To(ContainElement(linked))
	s.Kill()
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
	mustBeGone(s, linked)
})

// What a map registers stays, held by no process, until someone takes it from the map.
var _ = It("structops.died.registered-by-map", func(s *Session) {
	before := s.Kernel()
	loaded := s.MustLoad(objects.StructOps.TCPByMap)
	loaded.MustRegister("ca")
	s.Kill()
	Expect(loaded.StructOps("ca")).To(BeInState("INUSE"))
	defer func() { s.MustWork(oracle.UnregisterStructOps(loaded.MapID("ca"))) }()
	Expect(available()).To(ContainElement(unlinked))
	Expect(s.Kernel()).NotTo(Equal(before))
})

// A pinned link keeps the structure registered.
var _ = It("structops.died.pinned-link", func(s *Session) {
	before := s.Kernel()
	path := s.BPFFS() + "/link"
	loaded := s.MustLoad(objects.StructOps.TCP)
	attached := loaded.MustRegister("ca")
	link := attached.LinkID()
	Expect(attached.PinLink(path)).To(BeOK())
	s.Kill()
	Expect(s.Pin(path)).To(BeThePinOfLink(link))
	Expect(available()).To(ContainElement(linked))
	s.RemovePin(path)
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
	mustBeGone(s, linked)
})

// A connection goes on with the congestion control of a loader that has died.
var _ = It("structops.died.in-use", func(s *Session) {
	before := s.Kernel()
	s.MustLoad(objects.StructOps.TCP).MustRegister("ca")
	inNetwork(s, func(n *network) {
		mustDial(n, linked, func(c *connection) {
			s.Kill()
			Expect(c.exchange()).To(Succeed())
			Expect(c.congestion()).To(Equal(linked))
		})
	})
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
	mustBeGone(s, linked)
})

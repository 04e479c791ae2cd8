// SPDX-License-Identifier: Apache-2.0

package structops

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// The marks of connections that use the first or the second of two.
const firstMark, secondMark = 4011, 4012

// mustBe registers the first of two, and looks at what the link registers after change.
func mustBe(s *Session, o objects.Object, registered string, change func(*Attempt, *Attachment)) {
	loaded := s.MustLoad(o)
	attached := loaded.MustRegister("first")
	change(loaded, attached)
	Expect(s.RegisteredBy(attached.LinkID())).To(Equal(loaded.MapID(registered)))
}

var _ = It("structops.update.replaces", func(s *Session) {
	mustBe(s, objects.StructOps.TwoSameName, "second", func(_ *Attempt, attached *Attachment) {
		attached.MustUpdate("second", "")
		Expect(available()).To(ContainElement(first))
	})
})

var _ = It("structops.update.expected", func(s *Session) {
	mustBe(s, objects.StructOps.TwoSameName, "second", func(_ *Attempt, attached *Attachment) {
		attached.MustUpdate("second", "first")
	})
})

var _ = It("structops.update.another-expected-refused", func(s *Session) {
	mustBe(s, objects.StructOps.TwoSameName, "first", func(_ *Attempt, attached *Attachment) {
		Expect(attached.Update("second", "second")).To(BeRejected(AtAttach, Permission))
	})
})

var _ = It("structops.update.back", func(s *Session) {
	mustBe(s, objects.StructOps.TwoSameName, "first", func(_ *Attempt, attached *Attachment) {
		attached.MustUpdate("second", "")
		attached.MustUpdate("first", "")
	})
})

// The kernel replaces a congestion control by one of the same name.
var _ = It("structops.update.other-name-refused", func(s *Session) {
	mustBe(s, objects.StructOps.Two, "first", func(_ *Attempt, attached *Attachment) {
		Expect(attached.Update("second", "")).To(BeRejected(AtAttach, Invalid))
		Expect(available()).To(ContainElement(first))
		Expect(available()).NotTo(ContainElement(second))
	})
})

// A structure that its map registers has no link to take the place under.
var _ = It("structops.update.by-map-refused", func(s *Session) {
	mustBe(s, objects.StructOps.TwoMixed, "first", func(_ *Attempt, attached *Attachment) {
		Expect(attached.Update("second", "")).To(BeRejected(AtAttach, Invalid))
		Expect(available()).NotTo(ContainElement(second))
	})
})

var _ = It("structops.update.no-link-refused", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.TwoByMapSameName)
	attached := loaded.MustRegister("first")
	Expect(attached.Update("second", "")).To(BeRejected(AtAttach))
	Expect(loaded.StructOps("first")).To(BeInState("INUSE"))
	Expect(loaded.StructOps("second")).NotTo(BeInState("INUSE"))
})

var _ = It("structops.update.no-such-refused", func(s *Session) {
	mustBe(s, objects.StructOps.TwoSameName, "first", func(_ *Attempt, attached *Attachment) {
		Expect(attached.Update("third", "")).To(BeRejected(AtAttach, NotFound))
	})
})

// A connection keeps what it has; the next has the new one.
var _ = It("structops.update.connections", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.TwoSameName)
	attached := loaded.MustRegister("first")
	inNetwork(s, func(n *network) {
		mustDial(n, first, func(old *connection) {
			Expect(old.mark()).To(BeEquivalentTo(firstMark))
			attached.MustUpdate("second", "")
			Expect(old.exchange()).To(Succeed())
			mustDial(n, first, func(fresh *connection) {
				Expect(fresh.mark()).To(BeEquivalentTo(secondMark))
				Expect(fresh.exchange()).To(Succeed())
			})
		})
	})
})

// What takes the place is unregistered as the other was.
var _ = It("structops.update.detach", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.TwoSameName)
	attached := loaded.MustRegister("first")
	attached.MustUpdate("second", "")
	Expect(available()).To(ContainElement(first))
	attached.Detach()
	mustBeGone(s, first)
})

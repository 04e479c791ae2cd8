// SPDX-License-Identifier: Apache-2.0

package structops

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// The names of the objects' congestion controls.
const (
	linked   = "ls_tcp"
	unlinked = "ls_tcp_map"
	first    = "ls_tcp_first"
	second   = "ls_tcp_second"
)

// A control names a congestion control, and how the objects have it.
type control struct {
	object     objects.Object
	title      string
	mark       uint32 // of its connections
	registered string // the map's state
}

var (
	byLink = control{objects.StructOps.TCP, linked, 4001, "READY"}
	byMap  = control{objects.StructOps.TCPByMap, unlinked, 4002, "INUSE"}
)

var controls = []Case[control]{Entry("link", byLink), Entry("map", byMap)}

var _ = It("structops.register.link", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.TCP)
	attached := loaded.MustRegister("ca")
	Expect(available()).To(ContainElement(linked))
	Expect(s.RegisteredBy(attached.LinkID())).To(Equal(loaded.MapID("ca")))
	Expect(loaded.StructOps("ca")).To(BeInState("READY"))
	Expect(loaded.StructOps("ca").Link).To(BeTrue())
})

var _ = It("structops.register.map", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.TCPByMap)
	attached := loaded.MustRegister("ca")
	Expect(available()).To(ContainElement(unlinked))
	Expect(attached.HasLink()).To(BeFalse())
	Expect(loaded.StructOps("ca")).To(BeInState("INUSE"))
	Expect(loaded.StructOps("ca").Link).To(BeFalse())
})

// A loader that is one command has no other word for loading than to register.
var _ = Table("structops.register.when-asked", func(s *Session, of control) {
	loaded := s.MustLoad(of.object)
	if !s.Claims(loader.OneStep) {
		Expect(available()).NotTo(ContainElement(of.title))
	}
	loaded.MustRegister("ca")
	Expect(available()).To(ContainElement(of.title))
}, controls...)

var _ = Table("structops.register.two", func(s *Session, two objects.Object) {
	loaded := s.MustLoad(two)
	loaded.MustRegister("first")
	attached := loaded.MustRegister("second")
	Expect(available()).To(ContainElements(first, second))
	attached.Detach()
	Expect(available()).To(ContainElement(first))
	mustBeGone(s, second)
},
	Entry("link", objects.StructOps.Two),
	Entry("map", objects.StructOps.TwoByMap),
	Entry("mixed", objects.StructOps.TwoMixed),
)

// The kernel takes one congestion control of a name.
var _ = Table("structops.register.same-name-refused", func(s *Session, two objects.Object) {
	loaded := s.MustLoad(two)
	loaded.MustRegister("first")
	before := s.Kernel()
	Expect(loaded.Register("second")).To(BeRejected(AtAttach, NameConflict))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
	Expect(available()).To(ContainElement(first))
},
	Entry("link", objects.StructOps.TwoSameName),
	Entry("map", objects.StructOps.TwoByMapSameName),
	Entry("mixed", objects.StructOps.TwoMixedSameName),
)

var _ = Table("structops.register.taken-refused", func(s *Session, of control) {
	s.MustLoad(of.object).MustRegister("ca")
	theirs := s.Another().MustLoad(of.object)
	Expect(theirs.Register("ca")).To(BeRejected(AtAttach, NameConflict))
	Expect(available()).To(ContainElement(of.title))
}, controls...)

var _ = It("structops.register.kernels-own-refused", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.TCPTitleKernel)
	Expect(loaded.Register("ca")).To(BeRejected(AtAttach, NameConflict))
})

// What is registered is not registered again: by a link the kernel says that the name is taken, by
// the map that the map is in use.
var _ = Table("structops.register.twice-refused", func(s *Session, of control) {
	loaded := s.MustLoad(of.object)
	loaded.MustRegister("ca")
	before := s.Kernel()
	Expect(loaded.Register("ca")).To(BeRejected(AtAttach, NameConflict, Busy, Invalid))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
	Expect(available()).To(ContainElement(of.title))
}, controls...)

var _ = It("structops.register.again", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.TCP)
	loaded.MustRegister("ca").Detach()
	mustBeGone(s, linked)
	attached := loaded.MustRegister("ca")
	Expect(available()).To(ContainElement(linked))
	Expect(s.RegisteredBy(attached.LinkID())).To(Equal(loaded.MapID("ca")))
})

// The kernel fills a map once.
var _ = It("structops.register.again-by-map-refused", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.TCPByMap)
	loaded.MustRegister("ca").Detach()
	Expect(loaded.Register("ca")).To(BeRejected(AtAttach, Busy, Invalid))
	mustBeGone(s, unlinked)
})

var _ = It("structops.register.no-such-refused", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.TCP)
	Expect(loaded.Register("cb")).To(BeRejected(AtAttach, NotFound))
})

var _ = It("structops.register.other-map-refused", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.AnyEmptyTCP)
	Expect(loaded.Register("beside")).To(BeRejected(AtAttach, Invalid, NotFound))
})

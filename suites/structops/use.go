// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"time"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// patience says how long what a connection waits for may take.
const patience = 5 * time.Second

// A control names a congestion control, and how the objects have it.
type control struct {
	object objects.Object
	title  string
	mark   uint32
}

var controls = []Case[control]{
	Entry("link", control{objects.StructOps.TCP, linked, 4001}),
	Entry("map", control{objects.StructOps.TCPByMap, unlinked, 4002}),
}

// inNetwork makes a network for use, and ends it.
func inNetwork(s *Session, use func(n *network)) {
	n, err := newNetwork(s.Patience(patience))
	s.MustWork(err)
	defer func() { s.MustWork(n.close()) }()
	use(n)
}

// mustDial connects with a congestion control that has to be there, for use.
func mustDial(n *network, title string, use func(c *connection)) {
	c, err := n.dial(title)
	Expect(err).NotTo(HaveOccurred())
	defer func() { Expect(c.close()).To(Succeed()) }()
	use(c)
}

var _ = Table("structops.use.connection", func(s *Session, of control) {
	loaded := s.MustLoad(of.object)
	loaded.MustRegister("ca")
	inNetwork(s, func(n *network) {
		mustDial(n, of.title, func(c *connection) {
			Expect(c.congestion()).To(Equal(of.title))
			Expect(c.mark()).To(Equal(of.mark))
			Expect(c.exchange()).To(Succeed())
		})
	})
}, controls...)

var _ = Table("structops.use.programs-run", func(s *Session, of control) {
	s.CountRuns()
	loaded := s.MustLoad(of.object)
	loaded.MustRegister("ca")
	inNetwork(s, func(n *network) {
		mustDial(n, of.title, func(c *connection) {
			Expect(c.exchange()).To(Succeed())
		})
	})
	Expect(loaded.Runs("start")).To(BeEquivalentTo(1))
	Expect(loaded.Runs("avoid")).To(BeNumerically(">", 0))
}, controls...)

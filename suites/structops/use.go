// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"time"

	. "github.com/onsi/gomega"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// patience says how long what a connection waits for may take.
const patience = 5 * time.Second

// mustBeGone waits until the kernel has no congestion control of that name. A link that is closed
// unregisters at once; one whose last pin is removed does when the kernel gets to it.
func mustBeGone(s *Session, title string) {
	Eventually(available).WithTimeout(s.Patience(patience)).ShouldNot(ContainElement(title))
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
	s.MustLoad(of.object).MustRegister("ca")
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

// The kernel counts who uses a structure: the registration, and each socket.
var _ = Table("structops.use.references", func(s *Session, of control) {
	loaded := s.MustLoad(of.object)
	loaded.MustRegister("ca")
	references := func() uint32 { return loaded.StructOps("ca").References }
	registered := references()
	Expect(registered).To(BeNumerically(">", 0))
	inNetwork(s, func(n *network) {
		mustDial(n, of.title, func(*connection) {
			Expect(references()).To(Equal(registered + 1))
		})
	})
	Eventually(references).WithTimeout(s.Patience(patience)).Should(Equal(registered))
}, controls...)

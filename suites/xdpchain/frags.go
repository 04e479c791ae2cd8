// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// Programs of both kinds run in one chain where packets are small.
var _ = Table("xdpchain.frags.mixed", func(s *Session, first Object) {
	inNetwork(s, NativeMode, func(c *chain) {
		second := objects.XDPChain.Many
		if first.Name() == second.Name() {
			second = objects.XDPChain.ManyFrags
		}
		members := []*member{c.add(first, "a", c.place(0)), c.add(second, "b", c.place(0))}
		c.mustRun(members...)
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "ab"}))
		s.MustRemoveFromChain(c.ifindex, members[0].id)
		c.mustRun(members[1])
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "b"}))
	})
}, Entry("frags-first", Object(objects.XDPChain.ManyFrags)), Entry("frags-last", Object(objects.XDPChain.Many)))

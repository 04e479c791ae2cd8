// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A step adds one program. What is left out is not said.
type step struct {
	object   Object
	program  string
	priority int
}

func many(program string, priority int) step {
	return step{objects.XDPChain.Many, program, priority}
}

// An order says in which order programs run that are added one after the other.
type order struct {
	steps []step
	want  string
}

var _ = Table("xdpchain.order.priority", func(s *Session, o order) {
	inNetwork(s, NativeMode, func(c *chain) { c.mustRunInOrder(o) })
},
	Entry("first-added", order{[]step{many("b", 40), many("a", 60)}, "ba"}),
	Entry("last-added", order{[]step{many("a", 60), many("b", 40)}, "ba"}),
	Entry("between", order{[]step{many("a", 60), many("b", 40), many("c", 50)}, "bca"}),
	Entry("greatest", order{[]step{many("a", 1<<31-1), many("b", 1)}, "ba"}),
)

// mustRunInOrder adds programs, and expects frames to meet them in an order.
func (c *chain) mustRunInOrder(o order) {
	for _, one := range o.steps {
		c.add(one.object, one.program, c.place(one.priority))
	}
	Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", o.want}))
}

// Programs of one priority run in the order of their names.
var _ = Table("xdpchain.order.name", func(s *Session, o order) {
	inNetwork(s, NativeMode, func(c *chain) { c.mustRunInOrder(o) })
},
	Entry("sorted", order{[]step{many("a", 0), many("b", 0), many("c", 0)}, "abc"}),
	Entry("reversed", order{[]step{many("c", 0), many("b", 0), many("a", 0)}, "abc"}),
	Entry("between", order{[]step{many("c", 7), many("a", 7), many("b", 7)}, "abc"}),
)

// The priority of a program of which nothing says one is 50.
var _ = It("xdpchain.order.default-priority", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		c.mustRunInOrder(order{[]step{many("a", 0), many("b", 49), many("c", 51)}, "bac"})
	})
})

var _ = Table("xdpchain.order.configured", func(s *Session, o order) {
	inNetwork(s, NativeMode, func(c *chain) { c.mustRunInOrder(o) })
},
	Entry("early", order{[]step{many("b", 11), {objects.XDPChain.ConfiguredPriority, "a", 0}}, "ab"}),
	Entry("late", order{[]step{{objects.XDPChain.ConfiguredLate, "a", 0}, many("b", 0)}, "ba"}),
	Entry("actions-only", order{[]step{many("c", 49), many("d", 51),
		{objects.XDPChain.ConfiguredAll, "a", 0}}, "cad"}),
)

var _ = It("xdpchain.order.given-wins", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		c.mustRunInOrder(order{[]step{{objects.XDPChain.ConfiguredPriority, "a", 60}, many("b", 50)}, "ba"})
	})
})

// What a program was given stays what it is when others are added later.
var _ = It("xdpchain.order.kept", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		c.add(objects.XDPChain.Many, "a", c.place(60, Drop))
		c.add(objects.XDPChain.Many, "b", c.place(70))
		c.add(objects.XDPChain.Many, "c", c.place(10))
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "ca"}))
		Expect(c.exchange(newFrame(0).answer('a', drop))).To(Equal(outcome{"near", "cab"}))
	})
})

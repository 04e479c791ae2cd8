// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"fmt"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A change is made to a chain of programs b and d while frames are on their way.
type change struct {
	make  func(c *chain, b, d *member)
	mode  XDPMode
	marks []string // that a frame may have meanwhile
}

func addsFirst(c *chain, _, _ *member) { c.add(objects.XDPChain.Many, "a", c.place(10)) }
func addsLast(c *chain, _, _ *member)  { c.add(objects.XDPChain.Many, "e", c.place(90)) }
func addsBetween(c *chain, _, _ *member) {
	c.add(objects.XDPChain.Many, "c", c.place(50))
}
func removes(c *chain, _, d *member) { c.s.MustRemoveFromChain(c.ifindex, d.id) }
func reorders(c *chain, _, d *member) {
	c.add(objects.XDPChain.Many, "a", c.place(20))
	c.s.MustRemoveFromChain(c.ifindex, d.id)
	c.add(objects.XDPChain.Many, "d", c.place(1))
}

// burst says how many frames are on their way at once.
const burst = 32

// traffic sends frames until it is told to stop, and reads what is received. It reports how many
// were sent, and the marks of those that were received.
func (c *chain) traffic(stop <-chan struct{}) (sent uint64, marks map[string]int, err error) {
	marks = map[string]int{}
	for {
		for range burst {
			if err := c.send(newFrame(uint32(sent))); err != nil {
				return sent, marks, err
			}
			sent++
		}
		for i := range burst {
			f, err := receive(c.nearSocket)
			if err != nil {
				return sent, marks, fmt.Errorf("frame %d of %d: %w", i, burst, err)
			}
			marks[f.marks()]++
		}
		select {
		case <-stop:
			return sent, marks, nil
		default:
		}
	}
}

// changeUnderTraffic does something while frames are on their way, and expects that all of them are
// received with marks that a frame may have. It returns how many were sent.
func (c *chain) changeUnderTraffic(change func(), allowed ...string) (sent uint64) {
	stop, ended := make(chan struct{}), make(chan error, 1)
	var marks map[string]int
	go func() {
		var err error
		sent, marks, err = c.traffic(stop)
		ended <- err
	}()
	stopped := false
	defer func() { // where the spec ends in the midst
		if !stopped {
			close(stop)
			<-ended
		}
	}()
	change()
	close(stop)
	stopped = true
	Expect(<-ended).To(Succeed(), "every frame is received")
	for seen := range marks {
		Expect(allowed).To(ContainElement(seen), "marks of a frame")
	}
	return sent
}

// While the chain changes every frame meets the chain that was or the one that will be: none is
// lost, and the program that stays sees all of them.
var _ = Table("xdpchain.traffic.uninterrupted", func(s *Session, of change) {
	inNetwork(s, of.mode, func(c *chain) {
		b := c.add(objects.XDPChain.Many, "b", c.place(40))
		d := c.add(objects.XDPChain.Many, "d", c.place(60))
		c.exchange(newFrame(0))
		before := b.seen(s)
		sent := c.changeUnderTraffic(func() { of.make(c, b, d) }, of.marks...)
		Expect(b.seen(s)-before).To(Equal(sent), "frames that the program saw which stays")
	})
},
	Entry("add-first", change{addsFirst, NativeMode, []string{"bd", "abd"}}),
	Entry("add-between", change{addsBetween, NativeMode, []string{"bd", "bcd"}}),
	Entry("add-last", change{addsLast, NativeMode, []string{"bd", "bde"}}),
	Entry("remove", change{removes, NativeMode, []string{"bd", "b"}}),
	Entry("reorder", change{reorders, NativeMode, []string{"bd", "abd", "ab", "dab"}}),
	Entry("add-skb", change{addsLast, SKBMode, []string{"bd", "bde"}}),
	Entry("remove-skb", change{removes, SKBMode, []string{"bd", "b"}}),
)

// SPDX-License-Identifier: Apache-2.0

package xdphints

import (
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// modes lists those in which a device runs a driver.
var modes = []Case[uint32]{
	Entry("native", uint32(unix.XDP_FLAGS_DRV_MODE)), Entry("skb", uint32(unix.XDP_FLAGS_SKB_MODE)),
}

// mustPass sends frames from the far end, one after the other, and expects that each comes through.
func (n *network) mustPass(s *Session, frames [][]byte) {
	for i, f := range frames {
		s.MustWork(n.send(f))
		number, err := n.receive()
		Expect(err).NotTo(HaveOccurred(), "frame %d of %d", i, len(frames))
		Expect(number).To(Equal(uint32(i)))
	}
}

// Each frame of a device has metadata of its own, and the reader finds what was sent.
func mustReadFrames(s *Session, w way, o objects.Object, flags uint32) {
	card := w.make(s, o)
	p := newPort(s, objects.XDPHints.HintsOne, w.give(card.file))
	inNetwork(s, func(n *network) {
		n.drive(p, flags)
		var frames [][]byte
		for i := range uint32(32) {
			frames = append(frames, newFrame(i, metadata(card.layout(s, rx), sent(i, 1))))
		}
		n.mustPass(s, frames)
		for i := range uint32(len(frames)) {
			Expect(p.read(i)).To(Equal(sent(i, 1)))
		}
	})
}

var _ = Table("xdphints.frames.whole", func(s *Session, flags uint32) {
	mustReadFrames(s, asKernel, objects.XDPHints.NicB, flags)
}, modes...)

var _ = Table("xdphints.frames.split", func(s *Session, flags uint32) {
	mustReadFrames(s, asSplit, objects.XDPHints.NicB, flags)
}, modes...)

// Frames of several layouts follow one another on a device, some of a layout that no one knows.
func mustTellApart(s *Session, w way) {
	card := w.make(s, objects.XDPHints.NicBoth)
	p := newPort(s, objects.XDPHints.HintsById, w.give(card.file))
	inNetwork(s, func(n *network) {
		n.drive(p, unix.XDP_FLAGS_DRV_MODE)
		var frames [][]byte
		var want []reading
		for i := range uint32(48) {
			f, r := card.frameOf(s, i, kinds[i%3].Of)
			frames, want = append(frames, f), append(want, r)
		}
		n.mustPass(s, frames)
		for i := range want {
			Expect(p.read(uint32(i))).To(Equal(want[i]))
		}
	})
}

var _ = It("xdphints.frames.by-id", func(s *Session) { mustTellApart(s, asKernel) })

var _ = It("xdphints.frames.by-id-split", func(s *Session) { mustTellApart(s, asSplit) })

var _ = It("xdphints.frames.union", func(s *Session) {
	card := wholeNIC(s, objects.XDPHints.NicUnionOther)
	p := newPort(s, objects.XDPHints.HintsByUnion, KernelTypes(card.file))
	inNetwork(s, func(n *network) {
		n.drive(p, unix.XDP_FLAGS_DRV_MODE)
		of := []unionOf{unions[1].Of, unions[2].Of, unions[4].Of}
		var frames [][]byte
		var want []reading
		for i := range uint32(48) {
			f, r := of[i%3].frame(s, card, i)
			frames, want = append(frames, f), append(want, r)
		}
		n.mustPass(s, frames)
		for i := range want {
			Expect(p.read(uint32(i))).To(Equal(want[i]))
		}
	})
})

// A driver's metadata changes: the same object is loaded once more with the new types, and takes
// the reader's place while frames are on their way. None is lost, and each is read as it was laid
// out.
var _ = It("xdphints.frames.replaced", func(s *Session) {
	before, after := wholeNIC(s, objects.XDPHints.NicA), wholeNIC(s, objects.XDPHints.NicB)
	old := newPort(s, objects.XDPHints.HintsOne, KernelTypes(before.file))
	inNetwork(s, func(n *network) {
		n.drive(old, unix.XDP_FLAGS_DRV_MODE)
		const change, end = 100, 200
		var renewed *port
		for i := range uint32(end) {
			layout := before
			if i >= change {
				layout = after
			}
			if i == change {
				renewed = newPort(s, objects.XDPHints.HintsOne, KernelTypes(after.file))
				old.calls(renewed)
			}
			s.MustWork(n.send(newFrame(i, metadata(layout.layout(s, rx), sent(i, 1)))))
			number, err := n.receive()
			Expect(err).NotTo(HaveOccurred(), "frame %d", i)
			Expect(number).To(Equal(i))
		}
		for i := range uint32(end) {
			if i < change {
				Expect(old.read(i)).To(Equal(sent(i, 1)))
				Expect(renewed.read(i)).To(Equal(reading{}))
			} else {
				Expect(old.read(i)).To(Equal(reading{}))
				Expect(renewed.read(i)).To(Equal(sent(i, 1)))
			}
		}
	})
})

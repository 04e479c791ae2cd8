// SPDX-License-Identifier: Apache-2.0

package xdphints

import (
	"path"

	"github.com/cilium/ebpf/btf"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A nic holds what a driver says of its metadata.
type nic struct {
	spec *btf.Spec
	ids  map[string]uint32 // of its structures, where a loader is given it
	file string            // that a loader is given
}

// wholeNIC returns a driver whose types a loader gets in place of the kernel's.
func wholeNIC(s *Session, o objects.Object) *nic {
	n := &nic{spec: typesOf(s, o), ids: map[string]uint32{}, file: putTypes(s, o)}
	for t, err := range n.spec.All() {
		s.MustWork(err)
		id, err := n.spec.TypeID(t)
		s.MustWork(err)
		n.ids[t.TypeName()] = uint32(id)
	}
	return n
}

// splitNIC returns a driver whose types a loader gets beside the running kernel's.
func splitNIC(s *Session, o objects.Object) *nic {
	base, err := kernelBase()
	s.MustWork(err)
	return splitNICOn(s, base, o)
}

// splitNICOn returns a driver whose types go on from a base.
func splitNICOn(s *Session, of *base, o objects.Object) *nic {
	raw, err := rawTypes(o)
	s.MustWork(err)
	n := &nic{spec: typesOf(s, o), file: path.Join(s.Work(), o.Name()+"-split.btf")}
	split, ids, err := of.split(raw)
	s.MustWork(err)
	n.ids = ids
	s.PutFile(n.file, split)
	return n
}

// layout returns a structure of the driver's.
func (n *nic) layout(s *Session, name string) btf.Type { return structIn(s, n.spec, name) }

// A way gives a loader a driver's types.
type way struct {
	make func(*Session, objects.Object) *nic
	give func(...string) Option
}

var (
	asKernel = way{wholeNIC, func(files ...string) Option { return KernelTypes(files[0]) }}
	asSplit  = way{splitNIC, ExtraTypes}
)

// rx holds the structure of drivers with one layout.
const rx = "loadstone_rx"

// mustReadRX runs the one object with a driver's types, on a frame, and expects what was sent.
func mustReadRX(s *Session, w way, o objects.Object) {
	n := w.make(s, o)
	p := newPort(s, objects.XDPHints.HintsOne, w.give(n.file))
	want := sent(7, 1)
	if o.Name() == objects.XDPHints.NicC.Name() {
		want.Hash = 0 // the driver has none
	}
	p.run(newFrame(7, metadata(n.layout(s, rx), want)))
	Expect(p.read(7)).To(Equal(want))
}

var nics = []Case[objects.Object]{
	Entry("a", objects.XDPHints.NicA), Entry("b", objects.XDPHints.NicB),
	Entry("c", objects.XDPHints.NicC),
}

var _ = Table("xdphints.nic.whole", func(s *Session, o objects.Object) {
	mustReadRX(s, asKernel, o)
}, nics...)

var _ = Table("xdphints.nic.split", func(s *Session, o objects.Object) {
	mustReadRX(s, asSplit, o)
}, nics...)

// A kindOf names the layout that a frame has: its structure, and the program's number for it.
type kindOf struct {
	name   string // empty for one that no program knows
	layout uint32
}

var kinds = []Case[kindOf]{
	Entry("first", kindOf{"loadstone_rx_first", 1}),
	Entry("second", kindOf{"loadstone_rx_second", 2}),
	Entry("unknown", kindOf{"", unknown}),
}

// frameOf returns a frame of a layout whose metadata ends in the number of its type, and what a
// program is to read of it.
func (n *nic) frameOf(s *Session, number uint32, k kindOf) ([]byte, reading) {
	if k.name == "" {
		meta := [metaLen]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
		return newFrame(number, withWord(meta, 0xfffffff)), reading{Layout: unknown, Frames: 1}
	}
	want := sent(number, k.layout)
	meta := withWord(metadata(n.layout(s, k.name), want), n.ids[k.name])
	return newFrame(number, meta), want
}

// mustReadByID runs an object that tells two layouts apart by the numbers of their types.
func mustReadByID(s *Session, w way, k kindOf) {
	n := w.make(s, objects.XDPHints.NicBoth)
	p := newPort(s, objects.XDPHints.HintsById, w.give(n.file))
	frame, want := n.frameOf(s, 9, k)
	p.run(frame)
	Expect(p.read(9)).To(Equal(want))
}

var _ = Table("xdphints.nic.by-id", func(s *Session, k kindOf) {
	mustReadByID(s, asKernel, k)
}, kinds...)

var _ = Table("xdphints.nic.by-id-split", func(s *Session, k kindOf) {
	mustReadByID(s, asSplit, k)
}, kinds...)

// A driver with one of two layouts has a program read that, and leave frames of the other alone.
var _ = Table("xdphints.nic.by-id-half", func(s *Session, k kindOf) {
	n := splitNIC(s, objects.XDPHints.NicFirst)
	p := newPort(s, objects.XDPHints.HintsById, ExtraTypes(n.file))
	frame, want := n.frameOf(s, 9, k)
	p.run(frame)
	Expect(p.read(9)).To(Equal(want))
}, kinds[0], kinds[2])

// Two drivers' types are two files, each going on from the kernel's: their numbers are the same,
// so it is a number of the drivers' own that tells their layouts apart.
var _ = Table("xdphints.nic.two-splits", func(s *Session, k kindOf) {
	first := splitNIC(s, objects.XDPHints.NicFirst)
	second := splitNIC(s, objects.XDPHints.NicSecond)
	p := newPort(s, objects.XDPHints.HintsByWord, ExtraTypes(first.file, second.file))
	of := first
	if k.layout == 2 {
		of = second
	}
	of.ids = map[string]uint32{k.name: k.layout}
	frame, want := of.frameOf(s, 9, k)
	p.run(frame)
	Expect(p.read(9)).To(Equal(want))
}, kinds...)

// A union of layouts is one structure, and an enumeration says which of them a frame has.
type unionOf struct {
	types  objects.Object
	member string // in the union; empty for one that no program knows
	kind   uint32 // as the driver numbers it
	layout uint32
}

// frame returns a frame with a member of the driver's union.
func (u unionOf) frame(s *Session, n *nic, number uint32) ([]byte, reading) {
	of := n.layout(s, "loadstone_rx_any")
	var meta [metaLen]byte
	at, err := find(of, "kind")
	s.MustWork(err)
	at.put(meta[:], uint64(u.kind))
	if u.member == "" {
		return newFrame(number, meta), reading{Layout: unknown, Frames: 1}
	}
	want := sent(number, u.layout)
	if u.member == "four" {
		want.VLAN = 0 // it has none
	}
	for path, value := range map[string]uint64{
		"stamp": want.Stamp, "hash": uint64(want.Hash), "vlan": uint64(want.VLAN),
	} {
		if at, err := find(of, u.member+"."+path); err == nil {
			at.put(meta[:], value)
		}
	}
	return newFrame(number, meta), want
}

var unions = []Case[unionOf]{
	Entry("four", unionOf{objects.XDPHints.NicUnion, "four", 4, 1}),
	Entry("other-four", unionOf{objects.XDPHints.NicUnionOther, "four", 1001, 1}),
	Entry("other-six", unionOf{objects.XDPHints.NicUnionOther, "six", 1000, 2}),
	Entry("six", unionOf{objects.XDPHints.NicUnion, "six", 6, 2}),
	Entry("unknown", unionOf{objects.XDPHints.NicUnionOther, "", 4, unknown}),
}

// mustReadUnion runs an object that knows a driver's union.
func mustReadUnion(s *Session, w way, u unionOf) {
	n := w.make(s, u.types)
	p := newPort(s, objects.XDPHints.HintsByUnion, w.give(n.file))
	frame, want := u.frame(s, n, 3)
	p.run(frame)
	Expect(p.read(3)).To(Equal(want))
}

var _ = Table("xdphints.nic.union", func(s *Session, u unionOf) {
	mustReadUnion(s, asKernel, u)
}, unions...)

var _ = Table("xdphints.nic.union-split", func(s *Session, u unionOf) {
	mustReadUnion(s, asSplit, u)
}, unions[1], unions[2])

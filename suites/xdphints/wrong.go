// SPDX-License-Identifier: Apache-2.0

package xdphints

import (
	"bytes"
	"path"

	"github.com/cilium/ebpf/btf"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// mustRefuseTypes expects that an object is refused with an option, that it loads with another, and
// that nothing is made meanwhile that stays.
func mustRefuseTypes(s *Session, o objects.Object, good, bad Option) {
	s.Control(o, good)
	before := s.Kernel()
	Expect(s.Load(o, bad)).To(BeRejected(AtAnyStage))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
}

// A split that goes on from other types than the loader has is refused. Each of these has ids or
// strings that the loader's types show to be another's.
var _ = It("xdphints.split.base-larger-refused", func(s *Session) {
	of, err := kernelBase()
	s.MustWork(err)
	larger := *of
	larger.types, larger.strings = of.types+500, of.strings+9000
	mustRefuseTypes(s, objects.XDPHints.HintsOne, ExtraTypes(splitNIC(s, objects.XDPHints.NicA).file),
		ExtraTypes(splitNICOn(s, &larger, objects.XDPHints.NicB).file))
})

var _ = It("xdphints.split.base-smaller-refused", func(s *Session) {
	other := otherBase(s)
	mustRefuseTypes(s, objects.XDPHints.HintsOne, ExtraTypes(splitNIC(s, objects.XDPHints.NicA).file),
		ExtraTypes(splitNICOn(s, other, objects.XDPHints.NicB).file))
})

// otherBase returns types that are no kernel's.
func otherBase(s *Session) *base {
	raw, err := rawTypes(objects.XDPHints.TypesSame)
	s.MustWork(err)
	of, err := newBase(raw)
	s.MustWork(err)
	return of
}

// A loader that has a file in place of the kernel's types takes a split on them.
var _ = It("xdphints.split.base-given", func(s *Session) {
	n := splitNICOn(s, otherBase(s), objects.XDPHints.NicB)
	p := newPort(s, objects.XDPHints.HintsOne, against(s, objects.XDPHints.TypesSame),
		ExtraTypes(n.file))
	want := sent(7, 1)
	p.run(newFrame(7, metadata(n.layout(s, rx), want)))
	Expect(p.read(7)).To(Equal(want))
})

// And refuses one on the running kernel's.
var _ = It("xdphints.split.base-running-refused", func(s *Session) {
	given := against(s, objects.XDPHints.TypesSame)
	good := splitNICOn(s, otherBase(s), objects.XDPHints.NicB).file
	bad := splitNIC(s, objects.XDPHints.NicA).file
	s.Control(objects.XDPHints.HintsOne, given, ExtraTypes(good))
	before := s.Kernel()
	Expect(s.Load(objects.XDPHints.HintsOne, given, ExtraTypes(bad))).To(BeRejected(AtAnyStage))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

// Two drivers that have a structure of one name, and of different layouts, cannot both be meant.
var _ = It("xdphints.split.ambiguous-refused", func(s *Session) {
	a, b := splitNIC(s, objects.XDPHints.NicA).file, splitNIC(s, objects.XDPHints.NicB).file
	mustRefuseTypes(s, objects.XDPHints.HintsOne, ExtraTypes(a), ExtraTypes(a, b))
})

// Types that are given twice agree.
var _ = It("xdphints.split.twice", func(s *Session) {
	a := splitNIC(s, objects.XDPHints.NicA)
	p := newPort(s, objects.XDPHints.HintsOne, ExtraTypes(a.file, a.file))
	want := sent(7, 1)
	p.run(newFrame(7, metadata(a.layout(s, rx), want)))
	Expect(p.read(7)).To(Equal(want))
})

// What is in a file in the place of a driver's types, or of a kernel's.
var damaged = []Case[func(types []byte) []byte]{
	Entry("empty", func([]byte) []byte { return nil }),
	Entry("half", func(types []byte) []byte { return types[:len(types)/2] }),
	Entry("text", func([]byte) []byte { return []byte("what is no BTF, but is as long as its header") }),
}

var _ = Table("xdphints.split.damaged-refused", func(s *Session, damage func([]byte) []byte) {
	of, err := kernelBase()
	s.MustWork(err)
	raw, err := rawTypes(objects.XDPHints.NicA)
	s.MustWork(err)
	split, _, err := of.split(raw)
	s.MustWork(err)
	file := path.Join(s.Work(), "damaged.btf")
	s.PutFile(file, damage(split))
	mustRefuseTypes(s, objects.XDPHints.HintsOne,
		ExtraTypes(splitNIC(s, objects.XDPHints.NicA).file), ExtraTypes(file))
}, damaged...)

var _ = Table("xdphints.file.damaged-refused", func(s *Session, damage func([]byte) []byte) {
	raw, err := rawTypes(objects.XDPHints.NicA)
	s.MustWork(err)
	file := path.Join(s.Work(), "damaged.btf")
	s.PutFile(file, damage(raw))
	mustRefuseTypes(s, objects.XDPHints.HintsOne, against(s, objects.XDPHints.NicA), KernelTypes(file))
}, damaged...)

var _ = It("xdphints.file.missing-refused", func(s *Session) {
	mustRefuseTypes(s, objects.XDPHints.HintsOne, against(s, objects.XDPHints.NicA),
		KernelTypes(path.Join(s.Work(), "no-such.btf")))
})

// The types of a kernel may be in section .BTF of an ELF file, as in a vmlinux.
var _ = It("xdphints.file.elf", func(s *Session) {
	file := path.Join(s.Work(), "kernel.elf")
	s.PutFile(file, objects.XDPHints.TargetMoved.ELF())
	loaded := s.MustLoad(objects.XDPHints.LiveHash, KernelTypes(file))
	of := structIn(s, typesOf(s, objects.XDPHints.TargetMoved), metaName)
	at, err := find(of, "hash")
	s.MustWork(err)
	packet := packet()
	at.put(packet[metaAt:], 0x89abcdef)
	Expect(answersOf(loaded, packet, 1)).To(Equal([]uint64{0x89abcdef}))
})

// Types that are given in place of the kernel's are all that there are.
var _ = It("xdphints.file.in-place", func(s *Session) {
	s.Control(objects.XDPHints.Kernel)
	before := s.Kernel()
	Expect(s.Load(objects.XDPHints.Kernel, against(s, objects.XDPHints.TargetSame))).
		To(BeRejected(AtLoad))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

// The kernel's types stay when a driver's are beside them.
var _ = It("xdphints.split.beside", func(s *Session) {
	mustReadKernel(s, ExtraTypes(splitNIC(s, objects.XDPHints.NicA).file))
})

var _ = It("xdphints.kernel.task", func(s *Session) { mustReadKernel(s) })

// mustReadKernel has a program read of the thread that runs it, by the running kernel's types.
func mustReadKernel(s *Session, options ...Option) {
	loaded := s.MustLoad(objects.XDPHints.Kernel, options...)
	task, err := oracle.KernelStruct("task_struct")
	s.MustWork(err)
	name, answers := onThisThread(s, func() []uint64 { return answersOf(loaded, packet(), 8) })
	comm, err := find(task, "comm")
	s.MustWork(err)
	size, err := btf.Sizeof(task)
	s.MustWork(err)
	told, _, _ := bytes.Cut(append(U64(answers[0]), U64(answers[1])...), []byte{0})
	Expect(string(told)).To(Equal(name), "name of the thread")
	Expect(answers[2:]).To(Equal([]uint64{
		1, uint64(comm.offset / 8), uint64(comm.size / 8), 0, uint64(size), 0,
	}))
}

// SPDX-License-Identifier: Apache-2.0

package metadata

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("metadata.bind.every-program", func(s *Session) {
	loaded := s.MustLoad(objects.Metadata.Unused)
	data := loaded.MapID(loaded.DataMap(".rodata"))
	Expect(loaded.Program("first").Maps).To(ConsistOf(data))
	Expect(loaded.Program("second").Maps).To(ConsistOf(data))
})

var _ = It("metadata.bind.once", func(s *Session) {
	loaded := s.MustLoad(objects.Metadata.Used)
	data := loaded.MapID(loaded.DataMap(".rodata"))
	Expect(loaded.Program("reads").Maps).To(ConsistOf(data, loaded.MapID(loaded.DataMap(".data"))))
	Expect(loaded.Program("nothing").Maps).To(ConsistOf(data))
	Expect(loaded.Run("reads")).To(Equal(uint32(4711)))
})

var _ = It("metadata.bind.several-sections", func(s *Session) {
	loaded := s.MustLoad(objects.Metadata.Several)
	Expect(loaded.Program("nothing").Maps).To(ConsistOf(
		loaded.MapID(loaded.DataMap(".rodata")), loaded.MapID(loaded.DataMap(".rodata.build")),
		loaded.MapID(loaded.DataMap(".rodata.time")),
	))
})

var _ = It("metadata.bind.data-left", func(s *Session) {
	loaded := s.MustLoad(objects.Metadata.Used)
	Expect(loaded.Program("reads").Maps).To(ContainElement(loaded.MapID(loaded.DataMap(".data"))))
	Expect(loaded.Program("nothing").Maps).To(
		ConsistOf(loaded.MapID(loaded.DataMap(".rodata"))))
})

var _ = Table("metadata.bind.program-type", func(s *Session, o objects.Object) {
	loaded := s.MustLoad(o)
	Expect(loaded.Program("use").Maps).To(ConsistOf(loaded.MapID(loaded.DataMap(".rodata"))))
},
	Entry("cgroup_skb", objects.Metadata.OfCgroupSkb),
	Entry("raw_tracepoint", objects.Metadata.OfRawTracepoint),
	Entry("sk_skb", objects.Metadata.OfSKSkb),
	Entry("socket", objects.Metadata.OfSocket),
	Entry("xdp", objects.Metadata.OfXDP),
)

// The compiler puts strings in .rodata.str1.1, which is read-only data like any other.
var _ = It("metadata.bind.literals", func(s *Session) {
	loaded := s.MustLoad(objects.Metadata.Literal)
	literals := loaded.MapID(loaded.DataMap(".rodata.str1.1"))
	Expect(loaded.Program("reads").Maps).To(ConsistOf(literals))
	Expect(loaded.Program("nothing").Maps).To(ConsistOf(literals))
})

// Nothing can be bound where there is no map.
var _ = It("metadata.bind.left-out", func(s *Session) {
	opened := s.Open(objects.Metadata.Unused)
	loaded := opened.SetMap(opened.DataMap(".rodata"), AutoCreate, false).MustLoad()
	Expect(loaded.Program("first").Maps).To(BeEmpty())
	Expect(loaded.Program("second").Maps).To(BeEmpty())
})

// What a caller hands in is bound in place of a map of the loader's own.
var _ = It("metadata.bind.given", func(s *Session) {
	first := s.MustLoad(objects.Metadata.Unused)
	path := s.BPFFS() + "/data"
	Expect(first.PinMap(first.DataMap(".rodata"), path)).To(BeOK())
	s.Keep("data")
	id := first.MapID(first.DataMap(".rodata"))
	first.Close()
	opened := s.Open(objects.Metadata.Unused)
	again := opened.SetMap(opened.DataMap(".rodata"), Reuse, path).MustLoad()
	Expect(again.Program("first").Maps).To(ConsistOf(id))
	Expect(again.Program("second").Maps).To(ConsistOf(id))
})

var _ = It("metadata.bind.refusal-undone", func(s *Session) {
	s.Refuses(objects.Metadata.SecondGood, objects.Metadata.SecondRefused, AtVerify, Verifier,
		Permission)
})

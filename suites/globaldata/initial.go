// SPDX-License-Identifier: Apache-2.0

package globaldata

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A change says which variable of objects.GlobalData.Settable is given which bytes, and what the
// program then gives for it.
type change struct {
	variable string
	bytes    []byte
	ask      byte
	before   uint32
	after    uint32
}

var changes = []Case[change]{
	Entry("constant", change{"constant", U32(70000), 0, 7, 70000}),
	Entry("constant-of-8-bytes", change{"constant_long", U64(1 << 20), 1, 8, 1 << 20}),
	Entry("constant-text", change{"constant_text", []byte("after\x00\x00\x00"), 2, 'b', 'a'}),
	Entry("data", change{"initialised", U32(70001), 3, 40, 70001}),
	Entry("data-of-2-bytes", change{"initialised_short", U32(0x01010101)[:2], 4, 41, 0x0101}),
	Entry("zeros", change{"zero", U32(70002), 5, 0, 70002}),
	Entry("zeros-of-1-byte", change{"zero_byte", []byte{200}, 6, 0, 200}),
	Entry("constant-elsewhere", change{"other_constant", U32(70003), 7, 9, 70003}),
}

var _ = Table("globaldata.variable.set", func(s *Session, c change) {
	Expect(ask(s.MustLoad(objects.GlobalData.Settable), c.ask)).To(Equal(c.before))
	changed := s.Open(objects.GlobalData.Settable).SetVariable(c.variable, c.bytes).MustLoad()
	Expect(ask(changed, c.ask)).To(Equal(c.after))
	for _, other := range changes {
		if other.Of.variable != c.variable {
			Expect(ask(changed, other.Of.ask)).To(Equal(other.Of.before), other.Name)
		}
	}
}, changes...)

// The verifier knows what is in a read-only map that is frozen, and does not look at what is then
// never reached.
var _ = It("globaldata.variable.known-to-verifier", func(s *Session) {
	s.Open(objects.GlobalData.Guarded).SetVariable("allowed", U32(1)).MustLoad().Close()
	before := s.Kernel()
	Expect(s.Load(objects.GlobalData.Guarded)).To(BeRejected(AtVerify, Verifier, Permission))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

var _ = It("globaldata.variable.loads-apart", func(s *Session) {
	first := s.Open(objects.GlobalData.Settable).SetVariable("constant", U32(1)).MustLoad()
	second := s.Open(objects.GlobalData.Settable).SetVariable("constant", U32(2)).MustLoad()
	Expect(ask(first, 0)).To(Equal(uint32(1)))
	Expect(ask(second, 0)).To(Equal(uint32(2)))
})

// A wrongSet says what cannot be set.
type wrongSet struct {
	variable string
	bytes    []byte
	classes  []Class
}

var _ = Table("globaldata.variable.refused", func(s *Session, w wrongSet) {
	s.Open(objects.GlobalData.Settable).SetVariable("constant", U32(1)).MustLoad().Close()
	before := s.Kernel()
	wrong := s.Open(objects.GlobalData.Settable).SetVariable(w.variable, w.bytes).Load()
	Expect(wrong).To(BeRejected(AtAnyStage, w.classes...))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
},
	Entry("no-such-variable", wrongSet{"constants", U32(1), []Class{NotFound, Invalid}}),
	Entry("too-long", wrongSet{"constant", U64(1), []Class{Invalid}}),
	Entry("too-short", wrongSet{"constant", []byte{1}, []Class{Invalid}}),
	Entry("nothing", wrongSet{"constant", nil, []Class{Invalid}}),
)

var _ = It("globaldata.variable.loaded-refused", func(s *Session) {
	loaded := s.Open(objects.GlobalData.Settable).SetVariable("initialised", U32(1)).MustLoad()
	data := loaded.MapID(loaded.DataMap(".data"))
	Expect(loaded.SetVariable("initialised", U32(2))).To(BeRejected(AtAnyStage, Invalid, Busy))
	value, err := oracle.Lookup(data, U32(0))
	Expect(err).NotTo(HaveOccurred())
	Expect(value[:4]).To(Equal(U32(1)))
})

// Contents say which section of objects.GlobalData.Values is given other contents, and what reads
// it.
type contents struct {
	section string
	ask     byte
}

var _ = Table("globaldata.contents.set", func(s *Session, c contents) {
	opened := s.Open(objects.GlobalData.Values)
	loaded := opened.SetContents(opened.DataMap(c.section), U32(4711)).MustLoad()
	Expect(ask(loaded, c.ask)).To(Equal(uint32(4711)))
	Expect(loaded.Lookup(loaded.DataMap(c.section), U32(0))).To(Equal(U32(4711)))
},
	Entry("bss", contents{".bss", readZero}),
	Entry("data", contents{".data", readInitialised}),
	Entry("rodata", contents{".rodata", readConstant}),
)

var _ = Table("globaldata.contents.size-refused", func(s *Session, value []byte) {
	control := s.Open(objects.GlobalData.Values)
	control.SetContents(control.DataMap(".data"), U32(1)).MustLoad().Close()
	before := s.Kernel()
	opened := s.Open(objects.GlobalData.Values)
	wrong := opened.SetContents(opened.DataMap(".data"), value).Load()
	Expect(wrong).To(BeRejected(AtAnyStage, Invalid, Limit))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
},
	Entry("longer", U64(1)),
	Entry("shorter", []byte{1}),
	Entry("nothing", []byte{}),
)

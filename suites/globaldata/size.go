// SPDX-License-Identifier: Apache-2.0

package globaldata

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// What objects.GlobalData.Array can be asked.
const (
	sumNumbers = 0
	readAlone  = 1
)

var _ = It("globaldata.size.larger", func(s *Session) {
	opened := s.Open(objects.GlobalData.Array)
	section := opened.DataMap(".data.numbers")
	opened.SetMap(section, ValueSize, 16)
	opened.SetVariable("length", U32(3))
	loaded := opened.MustLoad()
	Expect(ask(loaded, sumNumbers)).To(Equal(uint32(5 + 6)))
	facts := loaded.Map(section)
	Expect(facts.ValueSize).To(Equal(uint32(16)))
	Expect(loaded.Lookup(section, U32(0))).To(Equal(append(append(U32(5), U32(6)...), U64(0)...)))
})

// The size that is asked for counts, though the types cannot say it.
var _ = It("globaldata.size.without-array", func(s *Session) {
	opened := s.Open(objects.GlobalData.Array)
	section := opened.DataMap(".data.alone")
	loaded := opened.SetMap(section, ValueSize, 12).Load()
	if !loaded.OK() {
		s.Control(objects.GlobalData.Array)
		Expect(loaded).To(BeRejected(AtAnyStage, Invalid, NotSupported, Limit))
		return
	}
	Expect(ask(loaded, readAlone)).To(Equal(uint32(7)))
	Expect(loaded.Lookup(section, U32(0))).To(Equal(append(U32(7), U64(0)...)))
})

var _ = It("globaldata.size.typed", func(s *Session) {
	opened := s.Open(objects.GlobalData.Array)
	section := opened.DataMap(".data.numbers")
	loaded := opened.SetMap(section, ValueSize, 16).MustLoad()
	variables, err := oracle.VariablesIn(loaded.MapID(section))
	Expect(err).NotTo(HaveOccurred())
	Expect(variables).To(HaveLen(2))
	Expect(variables[1].Name).To(Equal("numbers"))
	Expect(variables[1].Value).To(HaveLen(12))
})

var _ = It("globaldata.size.zero-refused", func(s *Session) {
	control := s.Open(objects.GlobalData.Array)
	control.SetMap(control.DataMap(".data.numbers"), ValueSize, 12).MustLoad().Close()
	before := s.Kernel()
	opened := s.Open(objects.GlobalData.Array)
	wrong := opened.SetMap(opened.DataMap(".data.numbers"), ValueSize, 0).Load()
	Expect(wrong).To(BeRejected(AtAnyStage, Invalid))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

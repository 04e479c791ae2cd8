// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("mapdefs.btf.size-by-number", func(s *Session) {
	byType := s.MustLoad(objects.MapDefs.Plain).Map("m")
	byNumber := s.MustLoad(objects.MapDefs.SizeByNumber).Map("m")
	Expect(byNumber).To(BeTheSameMapAs(byType.WithoutBTF()))
})

var _ = It("mapdefs.btf.size-twice", func(s *Session) {
	once := s.MustLoad(objects.MapDefs.Plain).Map("m")
	Expect(s.MustLoad(objects.MapDefs.SizeTwiceSame).Map("m")).To(BeTheSameMapAs(once))
})

var _ = It("mapdefs.btf.size-conflict-refused", func(s *Session) {
	refusesEach(s, objects.MapDefs.Plain, []objects.Object{
		objects.MapDefs.KeyConflictTypeFirst, objects.MapDefs.KeyConflictNumberFirst,
		objects.MapDefs.ValueConflictTypeFirst, objects.MapDefs.ValueConflictNumberFirst,
	}, AtOpen, BadMapDef)
})

var _ = It("mapdefs.btf.possible-cpus", func(s *Session) {
	events := s.MustLoad(objects.MapDefs.PerfNoEntries).Map("m")
	Expect(events.MaxEntries).To(Equal(possibleCPUs(s)))
})

var _ = It("mapdefs.ringbuf.odd-size", func(s *Session) {
	reply := s.Load(objects.MapDefs.RingbufOddSize)
	if !reply.OK() {
		refuses(s, mapTypes("ringbuf")[0].Of.BTF, objects.MapDefs.RingbufOddSize, Invalid)
		return
	}
	Expect(reply.Map("m").MaxEntries).To(BeNumerically(">=", 5000))
})

var _ = It("mapdefs.ringbuf.rounded", func(s *Session) {
	m := s.MustLoad(objects.MapDefs.RingbufOddSize).Map("m")
	Expect(m.MaxEntries).To(BeNumerically(">=", 5000))
})

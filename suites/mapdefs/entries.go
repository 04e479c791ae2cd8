// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	"math"

	"github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A map has as many entries as its caller asks for, or is refused: a loader corrects nothing but
// the size of a ring buffer.

var _ = Table("mapdefs.entries.one", func(s *Session, typ objects.MapType) {
	before := s.Kernel()
	loaded := loadWithEntries(s, typ, 1)
	switch typ.Type {
	case "cgroup_storage", "percpu_cgroup_storage": // which have no number of entries
		refusesEntries(s, typ, before, loaded)
	case "ringbuf", "user_ringbuf":
		if !loaded.OK() {
			refusesEntries(s, typ, before, loaded)
			return
		}
		Expect(loaded.Map("m").MaxEntries).To(BeNumerically(">=", 1))
	default:
		Expect(loaded).To(BeOK())
		want := defined(s, typ)
		want.MaxEntries = 1
		if typ.RoundedToCPUs {
			want.MaxEntries = possibleCPUs(s)
		}
		Expect(loaded.Map("m").WithoutBTF()).To(BeTheSameMapAs(want))
	}
}, mapTypes()...)

// Maps of one entry for each CPU may take 0 for the word that there are to be so many.
var _ = Table("mapdefs.entries.none", func(s *Session, typ objects.MapType) {
	before := s.Kernel()
	loaded := loadWithEntries(s, typ, 0)
	switch {
	case typ.MaxEntries == 0:
		Expect(loaded).To(BeOK())
		Expect(loaded.Map("m").WithoutBTF()).To(BeTheSameMapAs(defined(s, typ)))
	case loaded.OK() && (typ.Type == "perf_event_array" || typ.Type == "cpumap"):
		Expect(loaded.Map("m").MaxEntries).To(Equal(possibleCPUs(s)))
	default:
		refusesEntries(s, typ, before, loaded)
	}
}, mapTypes()...)

// A trie makes an entry when it is stored, so that no number costs memory. Kernels before 5.11
// count it all the same.
var _ = It("mapdefs.entries.most", func(s *Session) {
	trie := mapTypes("lpm_trie")[0].Of
	before := s.Kernel()
	loaded := loadWithEntries(s, trie, math.MaxUint32)
	if !loaded.OK() {
		refusesEntries(s, trie, before, loaded)
		return
	}
	Expect(loaded.Map("m").MaxEntries).To(Equal(uint32(math.MaxUint32)))
})

func loadWithEntries(s *Session, typ objects.MapType, entries uint32) *Attempt {
	return s.Open(typ.BTF).SetMap("m", MaxEntries, entries).Load()
}

// refusesEntries expects that a map was refused, and that nothing is left that was not there
// before.
func refusesEntries(s *Session, typ objects.MapType, before Kernel, attempt *Attempt) {
	ginkgo.GinkgoHelper()
	s.Control(typ.BTF)
	Expect(attempt).To(BeRejected(AtAnyStage, Invalid, Limit, NotSupported))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
}

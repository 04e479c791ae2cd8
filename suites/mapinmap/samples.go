// SPDX-License-Identifier: Apache-2.0

package mapinmap

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// In a definition of the kernel's samples a map of maps names, by its number, an earlier map that
// its maps are like. Nothing is put in a slot (load_maps, samples/bpf/bpf_load.c).

var sampleMaps = Layout(loader.SamplesLayout)

var _ = It("mapinmap.samples.template", func(s *Session) {
	loaded := s.MustLoad(objects.MapInMap.SamplesTemplate, sampleMaps)
	Expect(loaded.Map("outer").Type).To(Equal("array_of_maps"))
	Expect(slots(loaded, "outer")).To(BeEmpty())
})

var _ = It("mapinmap.samples.later-refused", func(s *Session) {
	before := s.Kernel()
	s.Control(objects.MapInMap.SamplesTemplate, sampleMaps)
	Expect(s.Load(objects.MapInMap.SamplesLater, sampleMaps)).To(
		BeRejected(AtAnyStage, Invalid, NotSupported, IO))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

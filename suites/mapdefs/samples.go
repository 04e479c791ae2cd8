// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// asSamples says that section maps holds definitions of the kernel's samples, which are 28 bytes
// long.
var asSamples = Layout(loader.SamplesLayout)

var _ = It("mapdefs.samples.define", func(s *Session) {
	plain := s.MustLoad(objects.MapDefs.LegacyPlain).Map("m")
	loaded := s.MustLoad(objects.MapDefs.SamplesPlain, asSamples)
	Expect(loaded.Map("m")).To(BeTheSameMapAs(plain))
	loaded.Run("store")
	Expect(loaded.Lookup("m", U32(7))).To(Equal(U64(77)))
})

var _ = It("mapdefs.samples.short", func(s *Session) {
	plain := s.MustLoad(objects.MapDefs.LegacyPlain).Map("m")
	Expect(s.MustLoad(objects.MapDefs.LegacyPlain, asSamples).Map("m")).To(BeTheSameMapAs(plain))
})

var _ = It("mapdefs.samples.inner-map-later-refused", func(s *Session) {
	refusesAsk(s, with(objects.MapDefs.SamplesInner, asSamples),
		with(objects.MapDefs.SamplesInnerLater, asSamples), BadMapDef, NotFound)
})

// The verifier is the witness: it accepts the program only if elements look like the second map.
// The kernel makes no map of maps without a template.
var _ = It("mapdefs.samples.inner-map", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.SamplesInner, asSamples)
	Expect(loaded.Map("outer").Type).To(Equal("array_of_maps"))
	Expect(loaded.Program("look").Maps).To(ConsistOf(loaded.MapID("outer")))
	Expect(filled(loaded, "outer", 4)).To(Equal([]bool{false, false, false, false}),
		"a template becomes no element")
})

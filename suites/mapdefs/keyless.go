// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A keyless has a map with a key whose type has none, and the name of the type.
type keyless struct {
	bad  objects.Ways
	name string // in [objects.EveryMapType]
}

// The kernel refuses a key of such a map. A loader that drops it makes another map than the one
// that is defined.
var _ = Table("mapdefs.keyless.key-refused", func(s *Session, k keyless) {
	good := mapTypes(k.name)[0].Of
	for _, way := range []struct {
		claim     loader.Feature
		good, bad ask
	}{
		{loader.BTFMaps, ask{object: good.BTF}, ask{object: k.bad.BTF}},
		{loader.LegacyMaps, ask{object: good.Legacy}, ask{object: k.bad.Legacy}},
		{loader.Iproute2Maps, ask{object: good.IPRoute2}, ask{object: k.bad.IPRoute2}},
		{loader.CallbackMaps, with(good.Callback, withCallback), with(k.bad.Callback, withCallback)},
	} {
		if way.claim == loader.BTFMaps || s.Claims(way.claim) {
			refusesAsk(s, way.good, way.bad, Invalid, BadMapDef, NotSupported)
		}
	}
},
	Entry("bloom_filter", keyless{objects.MapDefs.BloomFilterWithKey, "bloom_filter"}),
	Entry("queue", keyless{objects.MapDefs.QueueWithKey, "queue"}),
	Entry("ringbuf", keyless{objects.MapDefs.RingbufWithKey, "ringbuf"}),
	Entry("stack", keyless{objects.MapDefs.StackWithKey, "stack"}),
)

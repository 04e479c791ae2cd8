// SPDX-License-Identifier: Apache-2.0

package mapinmap

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// An inner has a map outer with a map inner_zero of some type in slot 0.
type inner struct {
	object objects.Object
	typ    string
}

func acceptsInner(s *Session, o objects.Object) {
	loaded := s.MustLoad(o)
	Expect(slots(loaded, "outer")).To(Equal(map[uint32]uint32{0: loaded.MapID("inner_zero")}))
}

var _ = Table("mapinmap.inner.fits", acceptsInner,
	Entry("same", objects.MapInMap.MismatchNone),
	Entry("larger-hash", objects.MapInMap.SizeHash),
	Entry("same-array", objects.MapInMap.SizeArraySame),
	Entry("larger-array-inner-map", objects.MapInMap.SizeArrayFlag),
)

var _ = Table("mapinmap.inner.type", func(s *Session, i inner) {
	loaded := s.MustLoad(i.object)
	Expect(loaded.Map("inner_zero").Type).To(Equal(i.typ))
	Expect(slots(loaded, "outer")).To(Equal(map[uint32]uint32{0: loaded.MapID("inner_zero")}))
	Expect(loaded.Run("look")).To(Equal(uint32(pass)))
},
	Entry("array", inner{objects.MapInMap.InnerArray, "array"}),
	Entry("lpm_trie", inner{objects.MapInMap.InnerLpmTrie, "lpm_trie"}),
	Entry("lru_hash", inner{objects.MapInMap.InnerLRUHash, "lru_hash"}),
	Entry("percpu_array", inner{objects.MapInMap.InnerPercpuArray, "percpu_array"}),
	Entry("percpu_hash", inner{objects.MapInMap.InnerPercpuHash, "percpu_hash"}),
	Entry("perf_event_array", inner{objects.MapInMap.InnerPerfEventArray, "perf_event_array"}),
	Entry("queue", inner{objects.MapInMap.InnerQueue, "queue"}),
	Entry("ringbuf", inner{objects.MapInMap.InnerRingbuf, "ringbuf"}),
)

const pass = 2 // XDP_PASS

// The kernel compares a map with the template when it is put in a slot: what was made before has to
// be released.
var _ = Table("mapinmap.inner.mismatch-refused", func(s *Session, o objects.Object) {
	s.Refuses(objects.MapInMap.MismatchNone, o, AtAnyStage, Invalid)
},
	Entry("flags", objects.MapInMap.MismatchFlags),
	Entry("key", objects.MapInMap.MismatchKey),
	Entry("type", objects.MapInMap.MismatchType),
	Entry("value", objects.MapInMap.MismatchValue),
)

var _ = Refusal("mapinmap.inner.mismatch-refused/larger-array",
	objects.MapInMap.SizeArraySame, objects.MapInMap.SizeArray, AtAnyStage, Invalid)

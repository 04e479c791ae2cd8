// SPDX-License-Identifier: Apache-2.0

package mapinmap

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// An inner is a map outer with a map inner_zero in slot 0.
type inner struct {
	variant string
	object  objects.Object
}

// Variant is the part of the spec's id behind the slash.
func (i inner) Variant() string { return i.variant }

func takesInner(s *Session, i inner) {
	loaded := s.MustLoad(i.object)
	Expect(slots(loaded, "outer")).To(Equal(map[uint32]uint32{0: loaded.MapID("inner_zero")}))
}

var _ = Table("mapinmap.inner.fits", takesInner, []inner{
	{"same", objects.MapInMap.MismatchNone},
	{"larger-hash", objects.MapInMap.SizeHash},
	{"same-array", objects.MapInMap.SizeArraySame},
	{"larger-array-inner-map", objects.MapInMap.SizeArrayFlag},
})

var _ = Table("mapinmap.inner.type", func(s *Session, i inner) {
	loaded := s.MustLoad(i.object)
	Expect(loaded.Map("inner_zero").Type).To(Equal(i.variant))
	Expect(slots(loaded, "outer")).To(Equal(map[uint32]uint32{0: loaded.MapID("inner_zero")}))
	result, _ := loaded.Run("look", packet)
	Expect(result).To(Equal(uint32(pass)))
}, []inner{
	{"array", objects.MapInMap.InnerArray},
	{"lpm_trie", objects.MapInMap.InnerLpmTrie},
	{"lru_hash", objects.MapInMap.InnerLRUHash},
	{"percpu_array", objects.MapInMap.InnerPercpuArray},
	{"percpu_hash", objects.MapInMap.InnerPercpuHash},
	{"perf_event_array", objects.MapInMap.InnerPerfEventArray},
	{"queue", objects.MapInMap.InnerQueue},
	{"ringbuf", objects.MapInMap.InnerRingbuf},
})

const pass = 2 // XDP_PASS

// The kernel compares a map with the template when it is put in a slot: what was made before has to be let go of.
var _ = Table("mapinmap.inner.mismatch-refused", func(s *Session, i inner) {
	s.Refuses(objects.MapInMap.MismatchNone, i.object, AtAnyStage, Invalid)
}, []inner{
	{"flags", objects.MapInMap.MismatchFlags},
	{"key", objects.MapInMap.MismatchKey},
	{"type", objects.MapInMap.MismatchType},
	{"value", objects.MapInMap.MismatchValue},
})

var _ = Refusal("mapinmap.inner.mismatch-refused/larger-array",
	objects.MapInMap.SizeArraySame, objects.MapInMap.SizeArray, AtAnyStage, Invalid)

// SPDX-License-Identifier: Apache-2.0

package pinning

import (
	"os"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("pinning.reuse.same-map", func(s *Session) {
	folder := keeping(s, "counts")
	first := s.MustLoad(objects.Pinning.Counter, PinRoot(folder))
	id := first.MapID("counts")
	first.Close()
	again := s.MustLoad(objects.Pinning.Counter, PinRoot(folder))
	Expect(again.MapID("counts")).To(Equal(id))
	Expect(again.Program("count").Maps).To(ConsistOf(id))
})

// The kernel keeps these flags with each descriptor of a map, and not with the map. A loader that
// looks for them in what the kernel says of a pinned map finds a difference that is none.
var accesses = []Case[access]{
	Entry("rdonly", access{objects.Pinning.HashRdonly, oracle.ReadOnly}),
	Entry("wronly", access{objects.Pinning.HashWronly, oracle.WriteOnly}),
}

// An access pairs an object with the access that its map m asks for.
type access struct {
	object objects.Object
	of     oracle.Access
}

var _ = Table("pinning.reuse.access-flag", func(s *Session, a access) {
	folder := keeping(s, "m")
	first := s.MustLoad(a.object, PinRoot(folder))
	id := first.MapID("m")
	again := s.Reload(first, a.object, PinRoot(folder))
	Expect(again).To(BeOK())
	Expect(again.MapID("m")).To(Equal(id))
	again.Run("store")
	Expect(s.PinnedValue(folder+"/m", U32(7))).To(Equal(U64(77)))
}, accesses...)

var _ = Table("pinning.reuse.access-limited", func(s *Session, a access) {
	folder := keeping(s, "m")
	first := s.MustLoad(a.object, PinRoot(folder))
	again := s.Reload(first, a.object, PinRoot(folder))
	Expect(again).To(BeOK())
	Expect(s.AccessToMap(again.MapID("m"))).To(Equal([]oracle.Access{a.of}))
}, accesses...)

var _ = It("pinning.reuse.contents", func(s *Session) {
	folder := keeping(s, "counts")
	first := s.MustLoad(objects.Pinning.Counter, PinRoot(folder))
	first.Run("count")
	first.Run("count")
	first.Close()
	again := s.MustLoad(objects.Pinning.Counter, PinRoot(folder))
	Expect(s.PinnedValue(folder+"/counts", U32(0))).To(Equal(U64(2)))
	again.Run("count")
	Expect(s.PinnedValue(folder+"/counts", U32(0))).To(Equal(U64(3)))
})

var _ = It("pinning.reuse.pin-untouched", func(s *Session) {
	folder := keeping(s, "first", "middle", "third")
	three := s.MustLoad(objects.Pinning.Three, PinRoot(folder))
	Expect(s.Pin(folder + "/third")).To(BeThePinOfMap(three.MapID("third")))
	three.Close()
	readOnly := s.PutPin(folder+"/third", func(path string) error { return os.Chmod(path, 0o400) })
	pins := []Pin{s.Pin(folder + "/first"), s.Pin(folder + "/middle"), readOnly}
	s.MustLoad(objects.Pinning.Three, PinRoot(folder)).Close()
	for _, pin := range pins {
		Expect(s.Pin(pin.Path)).To(BeUntouchedSince(pin))
	}
})

var _ = It("pinning.reuse.some", func(s *Session) {
	folder := keeping(s, "first", "middle", "third")
	first := s.MustLoad(objects.Pinning.Three, PinRoot(folder))
	middle, third := first.MapID("middle"), first.MapID("third")
	first.Close()
	s.RemovePin(folder + "/middle")
	again := s.MustLoad(objects.Pinning.Three, PinRoot(folder))
	Expect(again.MapID("third")).To(Equal(third))
	Expect(again.MapID("middle")).NotTo(Equal(middle))
	Expect(s.Pin(folder + "/middle")).To(BeThePinOfMap(again.MapID("middle")))
})

var _ = It("pinning.reuse.as-set", func(s *Session) {
	folder := keeping(s, "m")
	four := s.MustLoad(objects.Pinning.Hash, PinRoot(folder))
	id := four.MapID("m")
	four.Close()
	eight := s.Open(objects.Pinning.HashEntries, PinRoot(folder)).
		SetMap("m", MaxEntries, 4).MustLoad()
	Expect(eight.MapID("m")).To(Equal(id))
	eight.Close()
	refusesUntouched(s, []string{folder + "/m"}, func() *Attempt {
		return s.Open(objects.Pinning.Hash, PinRoot(folder)).SetMap("m", MaxEntries, 8).Load()
	}, AtPin, IncompatiblePin)
})

var _ = It("pinning.reuse.other-types", func(s *Session) {
	folder := keeping(s, "m")
	controlled(s, objects.Pinning.HashSigned, folder)
	unsigned := s.MustLoad(objects.Pinning.Hash, PinRoot(folder))
	signed := s.Load(objects.Pinning.HashSigned, PinRoot(folder))
	if !signed.OK() {
		refusesUntouched(s, []string{folder + "/m"}, func() *Attempt {
			return s.Load(objects.Pinning.HashSigned, PinRoot(folder))
		}, AtPin, IncompatiblePin)
		return
	}
	Expect(signed.MapID("m")).To(Equal(unsigned.MapID("m")))
})

var _ = It("pinning.reuse.rounded", func(s *Session) {
	folder := keeping(s, "m")
	first := s.Load(objects.Pinning.RingbufOdd, PinRoot(folder))
	if !first.OK() {
		controlled(s, objects.Pinning.Ringbuf, folder)
		refusesUntouched(s, nil,
			func() *Attempt { return s.Load(objects.Pinning.RingbufOdd, PinRoot(folder)) },
			AtCreate, Invalid)
		return
	}
	id := first.MapID("m")
	again := s.Reload(first, objects.Pinning.RingbufOdd, PinRoot(folder))
	Expect(again).To(BeOK())
	Expect(again.MapID("m")).To(Equal(id))
})

// The kernel rounds the number of entries of this map up, to as many for each CPU.
var _ = It("pinning.reuse.kernel-rounded", func(s *Session) {
	folder := keeping(s, "m")
	first := s.MustLoad(objects.Pinning.HashLRUNoCommon, PinRoot(folder))
	id := first.MapID("m")
	again := s.Reload(first, objects.Pinning.HashLRUNoCommon, PinRoot(folder))
	Expect(again).To(BeOK())
	Expect(again.MapID("m")).To(Equal(id))
})

// The kernel adds a flag to the maps of these objects.
var _ = Table("pinning.reuse.kernel-flag", func(s *Session, o objects.Object) {
	folder := keeping(s, "m")
	first := s.MustLoad(o, PinRoot(folder))
	id := first.MapID("m")
	again := s.Reload(first, o, PinRoot(folder))
	Expect(again).To(BeOK())
	Expect(again.MapID("m")).To(Equal(id))
},
	Entry("devmap", objects.Pinning.Devmap),
	Entry("devmap_hash", objects.Pinning.DevmapHash),
)

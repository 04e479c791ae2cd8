// SPDX-License-Identifier: Apache-2.0

package pinning

import (
	"strings"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("pinning.by-name", func(s *Session) {
	folder := keeping(s, "counts")
	loaded := s.MustLoad(objects.Pinning.Counter, PinRoot(folder))
	Expect(s.Pin(folder + "/counts")).To(BeThePinOfMap(loaded.MapID("counts")))
})

var _ = It("pinning.by-name/several", func(s *Session) {
	folder := keeping(s, "first", "middle", "third")
	loaded := s.MustLoad(objects.Pinning.Three, PinRoot(folder))
	for _, name := range []string{"first", "middle", "third"} {
		Expect(s.Pin(folder + "/" + name)).To(BeThePinOfMap(loaded.MapID(name)))
	}
})

var _ = It("pinning.by-name-only", func(s *Session) {
	folder := keeping(s, "kept")
	loaded := s.MustLoad(objects.Pinning.Some, PinRoot(folder))
	loaded.Run("store_all", packet)
	Expect(s.Pins()).To(ConsistOf("tc/globals/kept"))
	Expect(s.PinnedValue(folder+"/kept", u32(0))).To(Equal(u64(2)))
})

var _ = It("pinning.name.whole", func(s *Session) {
	folder := keeping(s, "the_same_prefix_left", "the_same_prefix_right")
	loaded := s.MustLoad(objects.Pinning.NameLong, PinRoot(folder))
	loaded.Run("store_both", packet)
	Expect(s.PinnedValue(folder+"/the_same_prefix_left", u32(0))).To(Equal(u64(1)))
	Expect(s.PinnedValue(folder+"/the_same_prefix_right", u32(0))).To(Equal(u64(2)))
})

var _ = It("pinning.name.whole/reused", func(s *Session) {
	folder := keeping(s, "the_same_prefix_left", "the_same_prefix_right")
	first := s.MustLoad(objects.Pinning.NameLong, PinRoot(folder))
	left, right := first.MapID("the_same_prefix_left"), first.MapID("the_same_prefix_right")
	again := s.Reload(first, objects.Pinning.NameLong, PinRoot(folder))
	Expect(again.MapID("the_same_prefix_left")).To(Equal(left))
	Expect(again.MapID("the_same_prefix_right")).To(Equal(right))
})

var _ = It("pinning.name.longest", func(s *Session) {
	name := strings.Repeat("n", 255) // NAME_MAX
	folder := keeping(s, name)
	loaded := s.MustLoad(objects.Pinning.CounterUnpinned)
	Expect(loaded.PinMap("counts", folder+"/"+name)).To(BeOK())
	Expect(s.Pin(folder + "/" + name)).To(BeThePinOfMap(loaded.MapID("counts")))
})

// badPath is a path that nothing can be pinned at, and what a loader may call that.
type badPath struct {
	variant string
	path    string // below the folder for pins
	classes []Class
}

// Variant is the part of the spec's id behind the slash.
func (b badPath) Variant() string { return b.variant }

// 17 names of 255 bytes are longer than PATH_MAX.
var longPath = strings.Repeat(strings.Repeat("n", 255)+"/", 17)

var badPaths = []badPath{
	{"dot", "with.dot", []Class{Permission, Invalid}}, // bpf_lookup, kernel/bpf/inode.c
	{"too-long", strings.Repeat("n", 256), []Class{Limit}},
	{"path-too-long", longPath + "m", []Class{Limit}},
}

var _ = Table("pinning.name.refused-on-request", func(s *Session, bad badPath) {
	folder := s.PinFolder()
	loaded := s.MustLoad(objects.Pinning.CounterUnpinned)
	refusesUntouched(s, nil, func() *Attempt { return loaded.PinMap("counts", folder+"/"+bad.path) }, AtPin, bad.classes...)
}, badPaths)

var _ = Table("pinning.name.refused-at-load", func(s *Session, bad badPath) {
	folder := keeping(s, "good")
	s.Open(objects.Pinning.CounterUnpinned).SetMap("counts", PinPath, folder+"/good").MustLoad().Close()
	refusesUntouched(s, []string{folder + "/good"}, func() *Attempt {
		return s.Open(objects.Pinning.CounterUnpinned).SetMap("counts", PinPath, folder+"/"+bad.path).Load()
	}, AtAnyStage, bad.classes...)
}, badPaths)

var _ = It("pinning.name.root-too-long-refused", func(s *Session) {
	folder := s.PinFolder()
	controlled(s, objects.Pinning.Counter, folder)
	refusesUntouched(s, nil, func() *Attempt { return s.Load(objects.Pinning.Counter, PinRoot(folder+"/"+longPath)) }, AtAnyStage, Limit)
})

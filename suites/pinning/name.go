// SPDX-License-Identifier: Apache-2.0

package pinning

import (
	"slices"
	"strings"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("pinning.by-name", func(s *Session) {
	folder := keeping(s, "first", "middle", "third")
	loaded := s.MustLoad(objects.Pinning.Three, PinRoot(folder))
	for _, name := range []string{"first", "middle", "third"} {
		Expect(s.Pin(folder + "/" + name)).To(BeThePinOfMap(loaded.MapID(name)))
	}
})

// Without a folder for pins a loader may have one of its own: libbpf's is /sys/fs/bpf. What it may
// not do is to leave out the pin.
var _ = It("pinning.by-name-without-root", func(s *Session) {
	at, folder := "/sys/fs/bpf/counts", s.PinFolder()
	controlled(s, objects.Pinning.Counter, folder)
	before := s.Kernel()
	loaded := s.Load(objects.Pinning.Counter)
	if !loaded.OK() {
		Expect(loaded).To(BeRejected(AtAnyStage, Invalid, NotFound))
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
		return
	}
	if slices.Contains(s.PinsIn(folder), "counts") { // iproute2 has one folder for all pins
		at = folder + "/counts"
	}
	Expect(s.Pin(at)).To(BeThePinOfMap(loaded.MapID("counts")))
	s.RemovePin(at)
})

var _ = It("pinning.by-name-only", func(s *Session) {
	folder := keeping(s, "kept")
	loaded := s.MustLoad(objects.Pinning.Some, PinRoot(folder))
	loaded.Run("store_all")
	Expect(s.Pins()).To(ConsistOf("tc/globals/kept"))
	Expect(s.PinnedValue(folder+"/kept", U32(0))).To(Equal(U64(2)))
})

var _ = It("pinning.name.whole", func(s *Session) {
	folder := keeping(s, "the_same_prefix_left", "the_same_prefix_right")
	first := s.MustLoad(objects.Pinning.NameLong, PinRoot(folder))
	first.Run("store_both")
	left, right := s.Pin(folder+"/the_same_prefix_left"), s.Pin(folder+"/the_same_prefix_right")
	Expect(s.PinnedValue(left.Path, U32(0))).To(Equal(U64(1)))
	Expect(s.PinnedValue(right.Path, U32(0))).To(Equal(U64(2)))
	again := s.Reload(first, objects.Pinning.NameLong, PinRoot(folder))
	Expect(again.Program("store_both").Maps).To(ConsistOf(left.Object.ID, right.Object.ID))
})

var _ = It("pinning.name.longest", func(s *Session) {
	name := strings.Repeat("n", 255) // NAME_MAX
	folder := keeping(s, name)
	loaded := s.MustLoad(objects.Pinning.CounterUnpinned)
	Expect(loaded.PinMap("counts", folder+"/"+name)).To(BeOK())
	Expect(s.Pin(folder + "/" + name)).To(BeThePinOfMap(loaded.MapID("counts")))
})

// A badPath leads below the folder for pins to where nothing can be pinned. classes holds what a
// loader may call that.
type badPath struct {
	path    string
	classes []Class
}

// longPath exceeds PATH_MAX: 17 names of 255 bytes.
var longPath = strings.Repeat(strings.Repeat("n", 255)+"/", 17)

var badPaths = []badPath{
	{"with.dot", []Class{Permission, Invalid}}, // bpf_lookup, kernel/bpf/inode.c
	{strings.Repeat("n", 256), []Class{Limit}},
	{longPath + "m", []Class{Limit}},
}

var _ = It("pinning.name.refused-on-request", func(s *Session) {
	folder := s.PinFolder()
	for _, bad := range badPaths {
		// Loaded for each path: a map may keep the first that it was asked for (libbpf
		// bpf_map__pin).
		loaded := s.MustLoad(objects.Pinning.CounterUnpinned)
		refusesUntouched(s, nil,
			func() *Attempt { return loaded.PinMap("counts", folder+"/"+bad.path) }, AtPin,
			bad.classes...)
		loaded.Close()
	}
})

var _ = It("pinning.name.refused-at-load", func(s *Session) {
	folder := keeping(s, "good")
	load := func(path string) *Attempt {
		return s.Open(objects.Pinning.CounterUnpinned).
			SetMap("counts", PinPath, folder+"/"+path).Load()
	}
	good := load("good")
	Expect(good).To(BeOK())
	good.Close()
	for _, bad := range badPaths {
		refusesUntouched(s, []string{folder + "/good"}, func() *Attempt { return load(bad.path) },
			AtAnyStage, bad.classes...)
	}
})

var _ = It("pinning.name.root-too-long-refused", func(s *Session) {
	folder := s.PinFolder()
	controlled(s, objects.Pinning.Counter, folder)
	refusesUntouched(s, nil,
		func() *Attempt { return s.Load(objects.Pinning.Counter, PinRoot(folder+"/"+longPath)) },
		AtAnyStage, Limit)
})

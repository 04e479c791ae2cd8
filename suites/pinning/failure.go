// SPDX-License-Identifier: Apache-2.0

package pinning

import (
	"os"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A failure is an object of three maps, of which at least two are pinned by name, that cannot be loaded.
type failure struct {
	variant string
	object  objects.Object
	stage   Stage
	classes []Class
}

// Variant is the part of the spec's id behind the slash.
func (f failure) Variant() string { return f.variant }

var failures = []failure{
	{"program-refused", objects.Pinning.ThreeRefused, AtVerify, []Class{Verifier, Permission}},
	{"map-refused", objects.Pinning.ThreeBad, AtCreate, []Class{Invalid}},
}

var _ = Table("pinning.failure.own-pins-removed", func(s *Session, f failure) {
	folder := s.PinFolder()
	controlled(s, objects.Pinning.Three, folder)
	refusesUntouched(s, nil, func() *Attempt { return s.Load(f.object, PinRoot(folder)) }, f.stage, f.classes...)
	Expect(s.PinsIn(folder)).To(BeEmpty())
}, failures)

var _ = Table("pinning.failure.other-pins-stay", func(s *Session, f failure) {
	folder := keeping(s, "first")
	s.Control(objects.Pinning.Three, PinRoot(folder))
	s.RemovePin(folder + "/middle")
	s.RemovePin(folder + "/third")
	refusesUntouched(s, []string{folder + "/first"}, func() *Attempt { return s.Load(f.object, PinRoot(folder)) }, f.stage, f.classes...)
	Expect(s.PinsIn(folder)).To(ConsistOf("first"))
}, failures)

var _ = It("pinning.failure.own-pins-removed/pin-incompatible", func(s *Session) {
	folder := keeping(s, "middle")
	controlled(s, objects.Pinning.Three, folder)
	s.Control(objects.Pinning.MiddleWide, PinRoot(folder))
	refusesUntouched(s, []string{folder + "/middle"}, func() *Attempt {
		return s.Load(objects.Pinning.Three, PinRoot(folder))
	}, AtPin, IncompatiblePin)
	Expect(s.PinsIn(folder)).To(ConsistOf("middle"))
})

var _ = It("pinning.failure.own-pins-removed/pin-occupied", func(s *Session) {
	folder := keeping(s, "middle")
	controlled(s, objects.Pinning.Three, folder)
	s.PlacePin(folder+"/middle", pinProgram)
	refusesUntouched(s, []string{folder + "/middle"}, func() *Attempt {
		return s.Load(objects.Pinning.Three, PinRoot(folder))
	}, AtPin, IncompatiblePin, NameConflict)
	Expect(s.PinsIn(folder)).To(ConsistOf("middle"))
})

// Nobody looks for a map behind a symbolic link that leads nowhere, and nothing can be pinned in its place: the pin itself fails.
var _ = It("pinning.failure.own-pins-removed/pin-fails", func(s *Session) {
	folder := s.PinFolder()
	controlled(s, objects.Pinning.Three, folder)
	s.PlacePin(folder+"/middle", func(path string) error { return os.Symlink("nowhere", path) })
	refusesUntouched(s, []string{folder + "/middle"}, func() *Attempt {
		return s.Load(objects.Pinning.Three, PinRoot(folder))
	}, AtPin, NameConflict, IncompatiblePin, NotFound)
	Expect(s.PinsIn(folder)).To(ConsistOf("middle"))
})

var _ = It("pinning.failure.can-be-repeated", func(s *Session) {
	folder := keeping(s, "first", "middle", "third")
	Expect(s.MustLoad(objects.Pinning.Three, PinRoot(folder))).To(BeOK())
	for _, f := range failures {
		Expect(s.Load(f.object, PinRoot(folder))).To(BeRejected(f.stage, f.classes...))
	}
	again := s.MustLoad(objects.Pinning.Three, PinRoot(folder))
	again.Run("store_all", packet)
	Expect(s.PinnedValue(folder+"/third", u32(0))).To(Equal(u64(3)))
})

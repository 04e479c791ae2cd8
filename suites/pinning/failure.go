// SPDX-License-Identifier: Apache-2.0

package pinning

import (
	"os"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A failure cannot be loaded: an object of three maps, of which at least two are pinned by name.
type failure struct {
	object  objects.Object
	stage   Stage
	classes []Class
}

var failures = []Case[failure]{
	Entry("program-refused", failure{objects.Pinning.ThreeRefused, AtVerify, []Class{Verifier, Permission}}),
	Entry("map-refused", failure{objects.Pinning.ThreeBad, AtCreate, []Class{Invalid}}),
}

// tries says how often a failure is repeated. A loader may make maps in an order that is another
// each time, and what fails first leaves nothing.
const tries = 8

var _ = Table("pinning.failure.own-pins-removed", func(s *Session, f failure) {
	folder := s.PinFolder()
	controlled(s, objects.Pinning.Three, folder)
	for range tries {
		refusesUntouched(s, nil, func() *Attempt { return s.Load(f.object, PinRoot(folder)) },
			f.stage, f.classes...)
		Expect(s.PinsIn(folder)).To(BeEmpty())
	}
}, failures...)

var _ = It("pinning.failure.own-pins-removed/pin-incompatible", func(s *Session) {
	folder := keeping(s, "middle")
	controlled(s, objects.Pinning.Three, folder)
	s.Control(objects.Pinning.MiddleWide, PinRoot(folder))
	for range tries {
		refusesUntouched(s, []string{folder + "/middle"}, func() *Attempt {
			return s.Load(objects.Pinning.Three, PinRoot(folder))
		}, AtPin, IncompatiblePin)
		Expect(s.PinsIn(folder)).To(ConsistOf("middle"))
	}
})

// Behind a symbolic link that leads nowhere no map is found, and nothing can be pinned in its
// place: the pin itself fails.
var _ = It("pinning.failure.own-pins-removed/pin-fails", func(s *Session) {
	folder := s.PinFolder()
	controlled(s, objects.Pinning.Three, folder)
	s.PutPin(folder+"/middle", func(path string) error { return os.Symlink("nowhere", path) })
	for range tries {
		refusesUntouched(s, []string{folder + "/middle"}, func() *Attempt {
			return s.Load(objects.Pinning.Three, PinRoot(folder))
		}, AtPin, NameConflict, IncompatiblePin, NotFound)
		Expect(s.PinsIn(folder)).To(ConsistOf("middle"))
	}
})

var _ = It("pinning.failure.other-pins-stay", func(s *Session) {
	folder := keeping(s, "first", "middle", "third")
	three := s.MustLoad(objects.Pinning.Three, PinRoot(folder))
	three.Run("store_all")
	three.Close()
	all := []string{folder + "/first", folder + "/middle", folder + "/third"}
	for _, c := range failures {
		f := c.Of
		refusesUntouched(s, all, func() *Attempt { return s.Load(f.object, PinRoot(folder)) },
			f.stage, f.classes...)
	}
	Expect(s.PinnedValue(folder+"/middle", U32(0))).To(Equal(U64(2)))
})

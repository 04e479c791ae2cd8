// SPDX-License-Identifier: Apache-2.0

package pinning

import (
	"github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// keeping returns the folder that maps are pinned in by name. Pins of those names may stay there
// when the loader is gone.
func keeping(s *Session, names ...string) (folder string) {
	for _, name := range names {
		s.Keep("tc/globals/" + name)
	}
	return s.PinFolder()
}

// controlled loads an object that is pinned as the control of a refusal, closes it, and removes its
// pins.
func controlled(s *Session, o Object, folder string) {
	s.Control(o, PinRoot(folder))
	for _, name := range s.PinsIn(folder) {
		s.RemovePin(folder + "/" + name)
	}
}

// refusesUntouched expects that the loader refuses what it tries at stage with one of classes, that
// what was at paths before is still there, untouched, and that the kernel holds nothing new.
func refusesUntouched(
	s *Session, paths []string, try func() *Attempt, stage Stage, classes ...Class,
) {
	ginkgo.GinkgoHelper()
	before := s.Kernel()
	pins := make([]Pin, len(paths))
	for i, path := range paths {
		pins[i] = s.Pin(path)
	}
	Expect(try()).To(BeRejected(stage, classes...))
	for i, path := range paths {
		Expect(s.Pin(path)).To(BeUntouchedSince(pins[i]))
	}
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
}

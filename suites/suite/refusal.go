// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"github.com/onsi/gomega"
)

// Refuses expects the whole of a refusal: control, the same object without the fault, is loaded,
// and then bad is rejected at stage with one of classes, and the kernel holds nothing that it did
// not hold before.
func (s *Session) Refuses(control, bad Object, stage Stage, classes ...Class) {
	before := s.Kernel()
	s.Control(control)
	gomega.Expect(s.Load(bad)).To(BeRejected(stage, classes...))
	gomega.Expect(s.Kernel()).To(HoldNothingBeyond(before))
}

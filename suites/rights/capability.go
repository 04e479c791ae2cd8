// SPDX-License-Identifier: Apache-2.0

package rights

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("rights.bpf-alone/socket-filter", func(s *Session) {
	loaded := s.MustLoad(objects.Rights.Socket)
	loaded.Run("count")
	Expect(loaded.Lookup("counts", U32(0))).To(Equal(U64(1)))
})

// The user may do nothing at all, so it is root that shows that the object is sound.
var _ = It("rights.missing-refused/bpf", func(s *Session) {
	s.AnotherAsRoot().Control(objects.Rights.Socket)
	before := s.Kernel()
	Expect(s.Load(objects.Rights.Socket)).To(BeRejected(AtLoad, Permission))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

// SPDX-License-Identifier: Apache-2.0

package globaldata

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// The kernel gives no address that could be put into a pointer in data. What no program reads does
// no harm.
var _ = Table("globaldata.pointer.unread", func(s *Session, o objects.Object) {
	loaded := s.MustLoad(o)
	Expect(loaded.Run("use")).To(Equal(uint32(6)))
},
	Entry("apart", objects.GlobalData.PointerApart),
	Entry("beside", objects.GlobalData.PointerBeside),
)

// The pointer is not null in the source, and a program that finds it null goes another way than
// its author wrote.
var _ = It("globaldata.pointer.read-refused", func(s *Session) {
	s.Refuses(objects.GlobalData.PointerNone, objects.GlobalData.PointerRead, AtAnyStage,
		BadRelocation, NotSupported, Invalid, Malformed)
})

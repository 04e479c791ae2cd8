// SPDX-License-Identifier: Apache-2.0

package linking

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/elfedit"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// beside returns the conflict of a function's object with one that is broken.
func beside(bad Object) conflict {
	return conflict{Objects(function, caller), Objects(function, bad)}
}

var _ = Table("linking.input.broken-refused", func(s *Session, c conflict) {
	s.RefusesLink(c.good, c.bad, Malformed, Invalid, NotSupported)
},
	Entry("cut", beside(caller.With(elfedit.Half()))),
	Entry("empty", beside(caller.With(elfedit.Replace("nothing", nil)))),
	Entry("text", beside(caller.With(elfedit.Replace("text", []byte("no object\n"))))),
)

var _ = It("linking.input.byte-orders-refused", func(s *Session) {
	s.RefusesLink(Objects(function, caller), Objects(function, objects.ForeignOrder), NotSupported,
		Invalid)
})

var _ = It("linking.input.license-refused", func(s *Session) {
	other := caller.With(elfedit.SetBytes("license", 0, []byte("GPL v2\x00\x00")...))
	s.RefusesLink(Objects(function, caller), Objects(function, other), Invalid)
})

var _ = It("linking.input.extern-without-types-refused", func(s *Session) {
	bare := caller.With(elfedit.DropSection(".BTF"), elfedit.DropSection(".BTF.ext"))
	s.RefusesLink(Objects(function, caller), Objects(function, bare))
})

var _ = It("linking.input.unresolved-refused", func(s *Session) {
	s.MustLoadLinked(function, caller).Close()
	before := s.Kernel()
	attempt := s.Link(caller, objects.Linking.CallerOther)
	if attempt.OK() {
		attempt = s.Load(attempt.Linked())
	}
	Expect(attempt).To(BeRejected(AtAnyStage))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

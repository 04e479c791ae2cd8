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

// otherLicense is the caller of the function with another licence.
var otherLicense = caller.With(elfedit.SetBytes("license", 0, []byte("GPL v2\x00\x00")...))

var _ = It("linking.input.license-refused", func(s *Session) {
	refuses(s, beside(otherLicense))
})

var _ = It("linking.input.version-refused", func(s *Session) {
	refuses(s, conflict{Objects(objects.Linking.Version, objects.Linking.VersionSame),
		Objects(objects.Linking.Version, objects.Linking.VersionOther)})
})

var _ = It("linking.input.extern-without-types-refused", func(s *Session) {
	bare := caller.With(elfedit.DropSection(".BTF"), elfedit.DropSection(".BTF.ext"))
	s.RefusesLink(Objects(function, caller), Objects(function, bare))
})

var _ = It("linking.input.unresolved-refused", func(s *Session) {
	s.MustLoadLinked(function, caller).Close()
	expectRefused(s, caller, objects.Linking.CallerOther)
})

// expectRefused expects that objects are refused when they are linked, or the result when it is
// loaded.
func expectRefused(s *Session, all ...Object) {
	before := s.Kernel()
	attempt := s.Link(all...)
	if attempt.OK() {
		attempt = s.Load(attempt.Linked())
	}
	Expect(attempt).To(BeRejected(AtAnyStage))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
}

// SPDX-License-Identifier: Apache-2.0

package token

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// refuses expects that control loads with the token, and bad with the same token does not, for
// want of rights. The kernel takes a token that does not allow something as none (map_create,
// bpf_prog_load).
func refuses(s *Session, control, bad objects.Object, stage Stage) {
	s.Control(control, token(s))
	before := s.Kernel()
	Expect(s.Load(bad, token(s))).To(BeRejected(stage, Permission))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
}

// No call is delegated, so root makes the control.
var _ = It("token.cmds-missing-refused/map_create", func(s *Session) {
	s.AnotherAsRoot().Control(objects.Token.LoneHash)
	before := s.Kernel()
	Expect(s.Load(objects.Token.LoneHash, token(s))).To(BeRejected(AtCreate, Permission))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

var _ = It("token.cmds-missing-refused/prog_load", func(s *Session) {
	s.AnotherAsRoot().Control(objects.Token.Bare)
	before := s.Kernel()
	Expect(s.Load(objects.Token.Bare, token(s))).To(BeRejected(AtLoad, Permission))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

var _ = It("token.maps-missing-refused", func(s *Session) {
	refuses(s, objects.Token.Array, objects.Token.Hash, AtCreate)
})

var _ = Table("token.progs-missing-refused", func(s *Session, o objects.Object) {
	refuses(s, objects.Token.Hash, o, AtLoad)
},
	Entry("classifier", objects.Token.Classifier),
	Entry("raw-tracepoint", objects.Token.RawTracepoint),
)

var _ = It("token.attachs-missing-refused", func(s *Session) {
	refuses(s, objects.Token.Bind, objects.Token.Connect, AtLoad)
})

var _ = It("token.unasked", func(s *Session) {
	s.Control(objects.Token.Hash, token(s))
	before := s.Kernel()
	Expect(s.Load(objects.Token.Hash)).To(BeRejected(AtLoad, Permission))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

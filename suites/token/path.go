// SPDX-License-Identifier: Apache-2.0

package token

import (
	"path"
	"strings"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A badPath is one of which there is no token, in a session.
type badPath struct {
	of    func(*Session) string
	class Class
}

var _ = Table("token.absent-refused", func(s *Session, bad badPath) {
	s.Control(objects.Token.Hash, token(s))
	at := bad.of(s)
	before := s.Kernel()
	Expect(s.Load(objects.Token.Hash, TokenPath(at))).To(BeRejected(AtLoad, bad.class))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
},
	Entry("no-such-path", badPath{func(s *Session) string { return s.BPFFS() + "/none" }, NotFound}),
	Entry("no-bpffs", badPath{func(s *Session) string { return s.Work() }, Invalid}),
	Entry("folder", badPath{ownFolder, Invalid}),
	// The bpffs that the session's folder is in is of the initial user namespace.
	Entry("of-another-namespace", badPath{ofAll, Permission}),
)

// ofAll returns where the bpffs is mounted that the session's folder is in. Natively other sessions
// may be folders between the two; in a guest the driver has a root of its own, and none are.
func ofAll(s *Session) string {
	mounts, err := oracle.BPFFSMounts()
	Expect(err).NotTo(HaveOccurred())
	root := path.Dir(s.BPFFS())
	for _, m := range mounts {
		if strings.HasPrefix(root, m+"/") {
			root = m
		}
	}
	return root
}

// ownFolder returns the path of a folder in the session's bpffs, which the loader made for a pin: a
// bpffs of another user namespace takes no file of ours.
func ownFolder(s *Session) string {
	s.Keep("folder/counts")
	folder := s.BPFFS() + "/folder"
	s.Control(objects.Token.Pinned, token(s), PinRoot(folder))
	return folder
}

var _ = It("token.nothing-delegated-refused", func(s *Session) {
	s.AnotherAsRoot().Control(objects.Token.Hash)
	before := s.Kernel()
	Expect(s.Load(objects.Token.Hash, token(s))).To(BeRejected(AtLoad, NotFound))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

var _ = It("token.unavailable-refused", func(s *Session) {
	s.Control(objects.Token.Hash)
	before := s.Kernel()
	Expect(s.Load(objects.Token.Hash, TokenPath(ofAll(s)))).To(BeRejected(AtLoad))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

// A kernel that has tokens has none for the initial user namespace, and says so; of one that has
// not, the loader has to find that out.
var _ = It("token.unavailable-named", func(s *Session) {
	s.Control(objects.Token.Hash)
	class := KernelLacks
	has, err := oracle.HasTokens()
	Expect(err).NotTo(HaveOccurred())
	if has {
		class = NotSupported
	}
	Expect(s.Load(objects.Token.Hash, TokenPath(ofAll(s)))).
		To(BeRejected(AtLoad, class))
})

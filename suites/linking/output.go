// SPDX-License-Identifier: Apache-2.0

package linking

import (
	"path"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("linking.output.alone", func(s *Session) {
	expectLinked(s, returned{"run": 1005}, function)
})

var _ = It("linking.output.replaced", func(s *Session) {
	out := path.Join(s.Work(), "out.bpf.o")
	s.PutFile(out, []byte("an old file, and no object"))
	attempt := s.LinkTo(out, function, caller)
	Expect(attempt).To(BeOK())
	expectRuns(s.MustLoad(attempt.Linked()), "call", 1005)
})

var _ = It("linking.output.refused-absent", func(s *Session) {
	s.MustLoadLinked(function, caller).Close()
	attempt := s.Link(function, objects.Linking.FunctionOther)
	Expect(attempt).To(BeRejected(AtLink, Invalid))
	Expect(attempt.Written()).To(BeFalse(), "a file is there although the objects were refused")
})

var _ = It("linking.output.same-twice", func(s *Session) {
	all := Objects(objects.Linking.MutualFirst, objects.Linking.MutualSecond, function, caller)
	one, other := s.MustLink(all...), s.MustLink(all...)
	Expect(one.ELF()).To(Equal(other.ELF()))
	expectRuns(s.MustLoad(one), "call", 1005)
})

var _ = It("linking.output.linked-again", func(s *Session) {
	once := s.MustLink(objects.Linking.MutualFirst, objects.Linking.MutualSecond, function, caller)
	loaded := s.MustLoadLinked(once)
	expectRuns(loaded, "call", 1005)
	expectRuns(loaded, "use_first", 47)
})

var _ = It("linking.output.linked-again-same", func(s *Session) {
	once := s.MustLink(objects.Linking.MutualFirst, objects.Linking.MutualSecond, function, caller)
	twice := s.MustLink(once)
	Expect(twice.ELF()).To(Equal(once.ELF()))
	expectRuns(s.MustLoad(twice), "call", 1005)
})

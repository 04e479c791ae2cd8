// SPDX-License-Identifier: Apache-2.0

package linking

import (
	"bytes"
	"path"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/elfedit"

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

var _ = Table("linking.output.refused-absent", func(s *Session, bad []Object) {
	s.MustLoadLinked(function, caller).Close()
	attempt := s.Link(bad...)
	Expect(attempt).To(BeRejected(AtLink))
	Expect(attempt.Written()).To(BeFalse(), "a file is there although the objects were refused")
},
	Entry("broken", Objects(function, caller.With(elfedit.Half()))),
	Entry("byte-order", Objects(function, objects.ForeignOrder)),
	Entry("license", Objects(function, otherLicense)),
	Entry("relocation", Objects(function, caller.With(elfedit.RelocType("xdp", 0, noSuch)))),
	Entry("several", severalConflicts),
	Entry("types", Objects(function, caller.With(elfedit.BTFMagic()))),
	Entry("unlike", Objects(function, objects.Linking.CallerMore)),
)

var _ = It("linking.output.refused-kept", func(s *Session) {
	out := path.Join(s.Work(), "out.bpf.o")
	good := s.LinkTo(out, function, caller)
	Expect(good).To(BeOK())
	was := good.Linked()
	s.MustLoad(was).Close()
	attempt := s.LinkTo(out, function, objects.Linking.FunctionOther)
	Expect(attempt).To(BeRejected(AtLink, Invalid))
	Expect(attempt.Written()).To(BeTrue(), "the file that was there is gone")
	expectSame(was, attempt.Linked())
})

// expectSame expects that two objects are the same file.
func expectSame(one, other Object) {
	Expect(bytes.Equal(one.ELF(), other.ELF())).To(BeTrue(), "the files are the same")
}

var _ = It("linking.output.same-twice", func(s *Session) {
	one, other := s.MustLink(chain("123")...), s.MustLink(chain("123")...)
	expectSame(one, other)
	expectRuns(s.MustLoad(one), "run_first", 33)
})

var _ = It("linking.output.linked-again", func(s *Session) {
	once := s.MustLink(objects.Linking.MutualFirst, objects.Linking.MutualSecond, function, caller)
	loaded := s.MustLoadLinked(once)
	expectRuns(loaded, "call", 1005)
	expectRuns(loaded, "use_first", 47)
})

var _ = It("linking.output.linked-again-same", func(s *Session) {
	once := s.MustLink(chain("123")...)
	twice := s.MustLink(once)
	expectRuns(s.MustLoad(twice), "run_first", 33)
	expectSame(once, twice)
})

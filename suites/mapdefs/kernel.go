// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	"syscall"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// Each object has a good map before the bad one, which a refusal has to release.

var _ = It("mapdefs.kernel.refusal-undone", func(s *Session) {
	refusesEach(s, objects.MapDefs.KernelGood, []objects.Object{
		objects.MapDefs.KernelNoEntries, objects.MapDefs.KernelArrayKey,
		objects.MapDefs.KernelNoValue, objects.MapDefs.KernelFlag,
	}, AtCreate, Invalid)
})

var _ = Table("mapdefs.kernel.refusal-undone", func(s *Session, f fault) {
	s.Refuses(objects.MapDefs.KernelGood, f.bad, AtCreate, f.classes...)
},
	Entry("type", fault{bad: objects.MapDefs.KernelType, classes: []Class{Invalid, NotSupported}}),
	Entry("huge-value", fault{bad: objects.MapDefs.KernelValue, classes: []Class{Limit}}),
	Entry("extra", fault{bad: objects.MapDefs.KernelExtra, classes: []Class{Invalid}}),
)

var _ = Refusal("mapdefs.kernel.refusal-undone/program",
	objects.MapDefs.HashUse, objects.MapDefs.KernelProgram, AtVerify, Verifier, Permission)

// The verifier follows the program for a while, and its log is longer than the buffers that
// loaders begin with.
var _ = It("mapdefs.kernel.long-log", func(s *Session) {
	s.Control(objects.MapDefs.LongLog)
	before := s.Kernel()
	refused := s.Load(objects.MapDefs.LongLogRefused)
	Expect(refused).To(BeRejected(AtVerify, Verifier, Permission))
	Expect(refused).To(PassOn(syscall.EACCES))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

// page is less than any map or program takes.
const page = 4096

// A loader that does not raise the limit cannot load anything before Linux 5.11.
var _ = It("mapdefs.kernel.memlock", func(s *Session) {
	s.Control(objects.MapDefs.Counter)
	s.LockAtMost(page)
	before := s.Kernel()
	loaded := s.Load(objects.MapDefs.Counter)
	if !loaded.OK() {
		Expect(loaded).To(BeRejected(AtLoad, Permission))
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
		return
	}
	loaded.Run("count")
	Expect(loaded.Lookup("counts", U32(0))).To(Equal(U64(1)))
})

var _ = It("mapdefs.kernel.memlock-raised", func(s *Session) {
	s.LockAtMost(page)
	loaded := s.MustLoad(objects.MapDefs.Counter)
	loaded.Run("count")
	Expect(loaded.Lookup("counts", U32(0))).To(Equal(U64(1)))
})

// SPDX-License-Identifier: Apache-2.0

package rights

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = Table("rights.bpf.socket-filter", func(s *Session, _ struct{}) {
	loaded := s.MustLoad(objects.Rights.Socket)
	loaded.Run("count")
	Expect(loaded.Lookup("counts", U32(0))).To(Equal(U64(1)))
}, Entry("root", struct{}{}), Entry("user", struct{}{}))

var _ = It("rights.bpf.data", func(s *Session) {
	loaded := s.MustLoad(objects.Rights.Data)
	loaded.Run("count")
	Expect(loaded.Lookup(loaded.DataMap(".data"), U32(0))).To(Equal(U64(43)))
	Expect(loaded.Map(loaded.DataMap(".rodata")).Frozen).To(BeTrue(), "of the read-only data")
})

var _ = It("rights.bpf.map-in-map", func(s *Session) {
	loaded := s.MustLoad(objects.Rights.Several)
	loaded.Run("count")
	Expect(loaded.Lookup("slot", U32(0))).To(Equal(U64(1)))
	Expect(loaded.Lookup("hash", U32(0))).To(Equal(U64(7)))
	Expect(loaded.Lookup("lru", U32(0))).To(Equal(U64(7)))
})

var _ = Table("rights.net-admin", func(s *Session, o objects.Object) {
	s.MustLoad(o)
}, netAdmin...)

// netAdmin are objects that take CAP_NET_ADMIN beside CAP_BPF.
var netAdmin = []Case[objects.Object]{
	Entry("classifier", objects.Rights.Classifier),
	Entry("devices", objects.Rights.Devices),
	Entry("xdp", objects.Rights.XDP),
}

var _ = Table("rights.perfmon", func(s *Session, o objects.Object) {
	Expect(s.MustLoad(o).Program("count").Type).To(Equal("raw_tracepoint"))
}, Entry("root", objects.Rights.RawTracepoint), Entry("user", objects.Rights.RawTracepoint))

// What the kernel has against a user without capabilities is a setting. There is no BTF for such a
// user, and the verifier takes less.
var _ = It("rights.none-allowed", func(s *Session) {
	s.AllowUnprivileged()
	loaded := s.MustLoad(objects.Rights.Socket)
	loaded.Run("count")
	Expect(loaded.Lookup("counts", U32(0))).To(Equal(U64(1)))
})

// The user may make no map at all, so it is root that shows that the object is sound.
var _ = Table("rights.missing-refused", func(s *Session, o objects.Object) {
	s.NeedsPrivilege()
	s.AnotherAsRoot().Control(o)
	before := s.Kernel()
	Expect(s.Load(o)).To(BeRejected(AtLoad, Permission))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
}, Entry("bpf", objects.Rights.XDP), Entry("none", objects.Rights.Socket))

// The same loader loads a socket filter, so that it refuses for what it lacks beside CAP_BPF.
var _ = Table("rights.missing-refused", func(s *Session, o objects.Object) {
	s.AnotherAsRoot().Control(o)
	s.Control(objects.Rights.Socket)
	before := s.Kernel()
	Expect(s.Load(o)).To(BeRejected(AtLoad, Permission))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
}, append(netAdmin, Entry("raw-tracepoint", objects.Rights.RawTracepoint))...)

// Kernels from 5.11 on charge nothing to the limit.
var _ = It("rights.memlock", func(s *Session) {
	s.AnotherAsRoot().Control(objects.Rights.Socket)
	before := s.Kernel()
	loaded := s.Load(objects.Rights.Socket)
	if !loaded.OK() {
		Expect(loaded).To(BeRejected(AtLoad, Permission))
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
		return
	}
	loaded.Run("count")
	Expect(loaded.Lookup("counts", U32(0))).To(Equal(U64(1)))
})

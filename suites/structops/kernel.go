// SPDX-License-Identifier: Apache-2.0

package structops

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/elfedit"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// noSuchOps names the structure of the objects any and any_by_map.
const noSuchOps = "loadstone_no_such_ops"

// as returns a structure without a program or a value, of that type.
func as(o objects.Object, name string) objects.Object {
	return o.With(elfedit.RenameType(elfedit.Struct, noSuchOps, name))
}

// every asks for a structure of each type that the kernel or a module offers, whichever they are.
func every(s *Session, o objects.Object, types []oracle.StructOpsType) {
	Expect(types).NotTo(BeEmpty())
	for _, t := range types {
		loaded := s.MustLoad(as(o, t.Name))
		facts := loaded.StructOps("any")
		Expect(facts.Type).To(Equal(t.Name))
		Expect(facts.Module).To(Equal(t.Module))
		loaded.Close()
	}
}

var _ = It("structops.kernel.every-type/link", func(s *Session) {
	every(s, objects.StructOps.Any, s.StructOpsTypes())
})

var _ = It("structops.kernel.every-type/map", func(s *Session) {
	every(s, objects.StructOps.AnyByMap, s.StructOpsTypes())
})

var _ = It("structops.kernel.module-type", func(s *Session) {
	of := s.NeedsStructOpsOfModule()
	every(s, objects.StructOps.Any, []oracle.StructOpsType{of})
})

var _ = Table("structops.kernel.unknown-type-refused", func(s *Session, o objects.Object) {
	s.Refuses(as(o, "tcp_congestion_ops"), o, AtLoad, NotFound, NotSupported)
},
	Entry("link", objects.StructOps.Any),
	Entry("map", objects.StructOps.AnyByMap),
)

// A structure that the kernel has, and that no program can be a function of.
var _ = It("structops.kernel.other-structure-refused", func(s *Session) {
	s.Refuses(as(objects.StructOps.AnyByMap, "tcp_congestion_ops"),
		as(objects.StructOps.AnyByMap, "file_operations"), AtLoad, NotFound, NotSupported, Invalid)
})

// The kernel has a structure for tests, whose programs run, and that it does not register.
var _ = Table("structops.kernel.not-registered-refused", func(s *Session, o objects.Object) {
	loaded := s.MustLoad(o)
	before := s.Kernel()
	Expect(loaded.Register("dummy")).To(BeRejected(AtAttach, NotSupported))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
},
	Entry("link", objects.StructOps.Dummy),
	Entry("map", objects.StructOps.DummyByMap),
)

var _ = It("structops.kernel.test-run", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.DummyByMap)
	Expect(loaded.RunFunction("one", 0)).To(BeEquivalentTo(1001))
})

var _ = It("structops.kernel.sleepable-refused", func(s *Session) {
	s.Refuses(objects.StructOps.Dummy, objects.StructOps.DummySleepableTwo, AtLoad, Verifier, Invalid,
		NotSupported)
})

// Before 6.4 no link registers a structure, and the map does.
var _ = It("structops.kernel.without-links", func(s *Session) {
	s.NeedsNoStructOpsLink()
	s.Refuses(objects.StructOps.TCPByMap, objects.StructOps.TCP, AtLoad, NotSupported,
		Invalid)
	s.MustLoad(objects.StructOps.TCPByMap).MustRegister("ca")
	Expect(available()).To(ContainElement(unlinked))
})

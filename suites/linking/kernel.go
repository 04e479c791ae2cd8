// SPDX-License-Identifier: Apache-2.0

package linking

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// option gives the configuration's option of the objects a value.
var option = Kconfig("CONFIG_LOADSTONE=7\n")

var _ = Table("linking.kconfig.shared", func(s *Session, o order) {
	all := o.two(objects.Linking.Kconfig, objects.Linking.KconfigOther)
	loaded := s.MustLoad(s.MustLink(all...), option)
	expectRuns(loaded, "read", 7)
	expectRuns(loaded, "read_other", 7)
	Expect(loaded.Program("read").Maps).To(Equal(loaded.Program("read_other").Maps))
},
	Entry("one", asWritten),
	Entry("other", reversed),
)

var _ = Table("linking.kconfig.strong-wins", func(s *Session, o order) {
	all := s.MustLink(o.two(objects.Linking.Kconfig, objects.Linking.KconfigWeak)...)
	loaded := s.MustLoad(all, option)
	expectRuns(loaded, "read", 7)
	expectRuns(loaded, "read_weak", 7)
	loaded.Close()
	before := s.Kernel()
	Expect(s.Load(all)).To(BeRejected(AtLoad, NotFound, Invalid, NotSupported))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
},
	Entry("strong-first", asWritten),
	Entry("weak-first", reversed),
)

var _ = It("linking.kconfig.weak", func(s *Session) {
	all := s.MustLink(objects.Linking.KconfigWeak, objects.Linking.KconfigWeakOther)
	loaded := s.MustLoad(all)
	expectRuns(loaded, "read_weak", 0)
	expectRuns(loaded, "read_other", 0)
})

var _ = It("linking.kconfig.type-refused", func(s *Session) {
	good := Objects(objects.Linking.Kconfig, objects.Linking.KconfigOther)
	s.Control(s.MustLink(good...), option)
	for _, o := range []order{asWritten, reversed} {
		Expect(s.Link(o.two(objects.Linking.Kconfig, objects.Linking.KconfigLong)...)).To(
			BeRejected(AtLink, Invalid))
	}
})

var _ = It("linking.kconfig.byte-refused", func(s *Session) {
	yes := Kconfig("CONFIG_LOADSTONE=y\n")
	loaded := s.MustLoad(s.MustLink(objects.Linking.KconfigBool, objects.Linking.KconfigBoolOther),
		yes)
	expectRuns(loaded, "read", 1)
	expectRuns(loaded, "read_other", 1)
	for _, o := range []order{asWritten, reversed} {
		Expect(s.Link(o.two(objects.Linking.KconfigBool, objects.Linking.KconfigChar)...)).To(
			BeRejected(AtLink, Invalid))
	}
})

// expectHalf expects that programs return the lower half of an address of the kernel's.
func expectHalf(s *Session, programs [2]string, all []Object) {
	addresses, err := oracle.SymbolAddresses("bpf_prog_put")
	s.MustWork(err)
	Expect(addresses).To(HaveLen(1))
	half := uint32(addresses[0])
	expectLinked(s, returned{programs[0]: half, programs[1]: half}, all...)
}

var _ = Table("linking.ksym.address-shared", func(s *Session, o order) {
	expectHalf(s, [2]string{"low", "low_other"},
		o.two(objects.Linking.KsymAddress, objects.Linking.KsymAddressOther))
},
	Entry("one", asWritten),
	Entry("other", reversed),
)

var _ = Table("linking.ksym.address-weak", func(s *Session, o order) {
	expectHalf(s, [2]string{"low", "low_weak"},
		o.two(objects.Linking.KsymAddress, objects.Linking.KsymAddressWeak))
},
	Entry("strong-first", asWritten),
	Entry("weak-first", reversed),
)

var _ = Table("linking.ksym.function-shared", func(s *Session, o order) {
	expectLinked(s, returned{"call": 42, "call_other": 42},
		o.two(objects.Linking.Ksym, objects.Linking.KsymOther)...)
},
	Entry("one", asWritten),
	Entry("other", reversed),
)

var _ = Table("linking.ksym.function-weak", func(s *Session, o order) {
	expectLinked(s, returned{"call": 42, "call_weak": 7},
		o.two(objects.Linking.Ksym, objects.Linking.KsymWeak)...)
},
	Entry("strong-first", asWritten),
	Entry("weak-first", reversed),
)

// The kernel says which program is which function of which structure.
var _ = Table("linking.structure.both", func(s *Session, o order) {
	expectBoth(s.MustLoadLinked(
		o.two(objects.Linking.Structure, objects.Linking.StructureOther)...))
},
	Entry("one", asWritten),
	Entry("other", reversed),
)

var _ = Table("linking.ksym.variable-shared", func(s *Session, o order) {
	expectLinked(s, returned{"own": 1, "own_other": 1},
		o.two(objects.Linking.KsymVariable, objects.Linking.KsymVariableOther)...)
},
	Entry("one", asWritten),
	Entry("other", reversed),
)

var _ = Table("linking.ksym.variable-weak", func(s *Session, o order) {
	expectLinked(s, returned{"own": 1, "own_weak": 1},
		o.two(objects.Linking.KsymVariable, objects.Linking.KsymVariableWeak)...)
},
	Entry("strong-first", asWritten),
	Entry("weak-first", reversed),
)

// expectBoth expects that each of two structures has the functions of its own object.
func expectBoth(loaded *Attempt) {
	for _, structure := range []string{"first", "second"} {
		loaded.MustRegister(structure)
		Expect(loaded.StructOps(structure).Programs()).To(Equal(map[string]uint32{
			"ssthresh":   loaded.ProgramID("ss_" + structure),
			"cong_avoid": loaded.ProgramID("avoid_" + structure),
			"undo_cwnd":  loaded.ProgramID("undo_" + structure),
		}), structure)
	}
	Expect(loaded.Program("ss_first").Tag).NotTo(
		Equal(loaded.Program("ss_second").Tag))
}

var _ = It("linking.structure.same-name-refused", func(s *Session) {
	refuses(s, conflict{Objects(objects.Linking.Structure, objects.Linking.StructureOther),
		Objects(objects.Linking.Structure, objects.Linking.StructureSame)})
})

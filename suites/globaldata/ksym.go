// SPDX-License-Identifier: Apache-2.0

package globaldata

import (
	"syscall"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("globaldata.ksym.address", func(s *Session) {
	addresses, err := oracle.SymbolAddresses("bpf_prog_put")
	s.MustWork(err)
	Expect(addresses).To(ConsistOf(halves(s.MustLoad(objects.GlobalData.KsymAddress))))
})

var _ = It("globaldata.ksym.address-weak", func(s *Session) {
	Expect(halves(s.MustLoad(objects.GlobalData.KsymAddressWeak))).To(BeZero())
})

// The list of symbols has zeros in the place of addresses then. A loader may know another way to
// the address.
var _ = It("globaldata.ksym.address-hidden", func(s *Session) {
	addresses, err := oracle.SymbolAddresses("bpf_prog_put")
	s.MustWork(err)
	s.Control(objects.GlobalData.KsymAddress)
	s.HideSymbols()
	before := s.Kernel()
	loaded := s.Load(objects.GlobalData.KsymAddress)
	if loaded.OK() {
		Expect(addresses).To(ConsistOf(halves(loaded)))
		return
	}
	Expect(loaded).To(BeRejected(AtLoad, Permission, NotFound, Invalid, NotSupported))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

var _ = Refusal("globaldata.ksym.missing-refused/address", objects.GlobalData.KsymAddress,
	objects.GlobalData.KsymAddressMissing, AtLoad, NotFound, Invalid, NotSupported)

var _ = It("globaldata.ksym.variable", func(s *Session) {
	Expect(s.MustLoad(objects.GlobalData.KsymTyped).Run("own")).To(Equal(uint32(1)))
})

// absent is what programs return that look whether the kernel has something, if it does not.
const absent = uint32(7)

var _ = It("globaldata.ksym.variable-weak", func(s *Session) {
	Expect(s.MustLoad(objects.GlobalData.KsymTypedWeak).Run("own")).To(Equal(absent))
})

var _ = Refusal("globaldata.ksym.missing-refused/variable", objects.GlobalData.KsymTypedWeak,
	objects.GlobalData.KsymTypedMissing, AtLoad, NotFound, Invalid, NotSupported)

var _ = Refusal("globaldata.ksym.variable-type-refused", objects.GlobalData.KsymTyped,
	objects.GlobalData.KsymTypedOther, AtLoad, NotFound, Invalid)

var _ = It("globaldata.ksym.function", func(s *Session) {
	Expect(s.MustLoad(objects.GlobalData.KsymKfunc).Run("call")).To(Equal(uint32(42)))
})

var _ = It("globaldata.ksym.function-flavor", func(s *Session) {
	Expect(s.MustLoad(objects.GlobalData.KsymKfuncFlavor).Run("call")).To(Equal(uint32(42)))
})

var _ = It("globaldata.ksym.function-weak", func(s *Session) {
	Expect(s.MustLoad(objects.GlobalData.KsymKfuncWeak).Run("call")).To(Equal(absent))
})

var _ = It("globaldata.ksym.function-module", func(s *Session) {
	// The function runs: no other of the kernel's stores this error.
	loaded := s.MustLoad(objects.GlobalData.KsymModule)
	Expect(syscall.Errno(loaded.Run("lookup"))).To(Equal(syscall.EPROTO))
})

var _ = It("globaldata.ksym.function-exists", func(s *Session) {
	Expect(s.MustLoad(objects.GlobalData.KsymKfuncExists).Run("call")).To(Equal(uint32(42)))
})

var _ = Refusal("globaldata.ksym.function-weak-called-refused", objects.GlobalData.KsymKfuncWeak,
	objects.GlobalData.KsymKfuncWeakCalled, AtLoad)

var _ = Refusal("globaldata.ksym.missing-refused/function", objects.GlobalData.KsymKfunc,
	objects.GlobalData.KsymKfuncMissing, AtLoad, NotFound, Invalid, NotSupported)

var _ = Refusal("globaldata.ksym.function-type-refused", objects.GlobalData.KsymKfunc,
	objects.GlobalData.KsymKfuncOther, AtLoad, NotFound, Invalid)

var _ = It("globaldata.ksym.function-weak-other", func(s *Session) {
	Expect(s.MustLoad(objects.GlobalData.KsymKfuncOtherWeak).Run("call")).To(Equal(absent))
})

var _ = It("globaldata.ksym.left-out", func(s *Session) {
	loaded := s.Open(objects.GlobalData.KsymTwoPrograms).
		SetProgram("needs", AutoLoad, false).MustLoad()
	Expect(loaded.Run("simple")).To(Equal(uint32(7)))
})

var _ = It("globaldata.ksym.open-makes-nothing", func(s *Session) {
	s.Control(objects.GlobalData.KsymTypedWeak)
	Expect(s.MadeWhile(func() {
		s.Open(objects.GlobalData.KsymTypedWeak).Close()
	})).To(HaveMadeNothing())
})

// SPDX-License-Identifier: Apache-2.0

package globaldata

import (
	"bytes"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/features"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// option is the one that most objects of these specs have, and no kernel.
const option = "CONFIG_LOADSTONE="

// A given pairs an object, and the value that a caller gives its option, with what programs read.
type given struct {
	object objects.Object
	text   string // after the equal sign
	value  uint64
}

// loadGiven loads an object with a value for its option.
func loadGiven(s *Session, g given) *Attempt {
	return s.MustLoad(g.object, Kconfig(option+g.text+"\n"))
}

// halves returns what the two programs of an object return.
func halves(loaded *Attempt) uint64 {
	return uint64(loaded.Run("high"))<<32 | uint64(loaded.Run("low"))
}

var _ = Table("globaldata.kconfig.given", func(s *Session, g given) {
	Expect(halves(loadGiven(s, g))).To(Equal(g.value))
},
	Entry("bool-no", given{objects.GlobalData.KconfigBool, "n", 0}),
	Entry("bool-yes", given{objects.GlobalData.KconfigBool, "y", 1}),
	Entry("byte", given{objects.GlobalData.KconfigByte, "255", 255}),
	Entry("char-letter", given{objects.GlobalData.KconfigChar, "m", 'm'}),
	Entry("char-negative", given{objects.GlobalData.KconfigChar, "-128", 1<<64 - 128}),
	Entry("char-number", given{objects.GlobalData.KconfigChar, "65", 65}),
	Entry("int-hexadecimal", given{objects.GlobalData.KconfigInt, "0x7fffffff", 0x7fffffff}),
	Entry("int-negative", given{objects.GlobalData.KconfigInt, "-2147483648", 0xffffffff80000000}),
	Entry("int-octal", given{objects.GlobalData.KconfigInt, "0755", 0o755}),
	Entry("long-most", given{objects.GlobalData.KconfigLong, "9223372036854775807", 1<<63 - 1}),
	Entry("long-negative", given{objects.GlobalData.KconfigLong, "-2", 1<<64 - 2}),
	Entry("short-negative", given{objects.GlobalData.KconfigShort, "-32768", 1<<64 - 32768}),
	Entry("tristate-module", given{objects.GlobalData.KconfigTristate, "m", 2}),
	Entry("tristate-no", given{objects.GlobalData.KconfigTristate, "n", 0}),
	Entry("tristate-yes", given{objects.GlobalData.KconfigTristate, "y", 1}),
	Entry("uint", given{objects.GlobalData.KconfigUint, "4294967295", 1<<32 - 1}),
	Entry("ulong", given{objects.GlobalData.KconfigUlong, "0xfedcba9876543210", 0xfedcba9876543210}),
	Entry("ushort", given{objects.GlobalData.KconfigUshort, "65535", 65535}),
)

// A wrong pairs an object with a value that its option cannot have, and one that it can.
type wrong struct {
	object     objects.Object
	good, text string
}

var _ = Table("globaldata.kconfig.misfit-refused", func(s *Session, w wrong) {
	s.Control(w.object, Kconfig(option+w.good+"\n"))
	before := s.Kernel()
	Expect(s.Load(w.object, Kconfig(option+w.text+"\n"))).To(BeRejected(AtAnyStage, Invalid))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
},
	Entry("bool-module", wrong{objects.GlobalData.KconfigBool, "y", "m"}),
	Entry("bool-number", wrong{objects.GlobalData.KconfigBool, "y", "1"}),
	Entry("byte-large", wrong{objects.GlobalData.KconfigByte, "1", "256"}),
	Entry("byte-negative", wrong{objects.GlobalData.KconfigByte, "1", "-1"}),
	Entry("char-letter", wrong{objects.GlobalData.KconfigChar, "y", "q"}),
	Entry("empty", wrong{objects.GlobalData.KconfigInt, "1", ""}),
	Entry("int-letter", wrong{objects.GlobalData.KconfigInt, "1", "y"}),
	Entry("int-large", wrong{objects.GlobalData.KconfigInt, "1", "2147483648"}),
	Entry("short-small", wrong{objects.GlobalData.KconfigShort, "1", "-32769"}),
	Entry("string-number", wrong{objects.GlobalData.KconfigString, `"text"`, "7"}),
	Entry("string-open", wrong{objects.GlobalData.KconfigString, `"text"`, `"text`}),
	Entry("string-unquoted", wrong{objects.GlobalData.KconfigString, `"text"`, "text"}),
	Entry("tristate-number", wrong{objects.GlobalData.KconfigTristate, "m", "1"}),
	Entry("uint-large", wrong{objects.GlobalData.KconfigUint, "1", "4294967296"}),
	Entry("ulong-large", wrong{objects.GlobalData.KconfigUlong, "1", "18446744073709551616"}),
)

// A text pairs a string with what an array of eight characters holds of it.
type text struct{ given, held string }

var _ = Table("globaldata.kconfig.string", func(s *Session, t text) {
	loaded := loadGiven(s, given{object: objects.GlobalData.KconfigString, text: `"` + t.given + `"`})
	Expect(loaded.Lookup(loaded.DataMap(".kconfig"), U32(0))).To(Equal([]byte(t.held)))
	Expect(loaded.Run("third")).To(Equal(uint32(t.held[2])))
},
	Entry("cut", text{"longer than that", "longer \x00"}),
	Entry("empty", text{"", "\x00\x00\x00\x00\x00\x00\x00\x00"}),
	Entry("fits", text{"seven 7", "seven 7\x00"}),
	Entry("padded", text{"abc", "abc\x00\x00\x00\x00\x00"}),
)

var _ = It("globaldata.kconfig.first-counts", func(s *Session) {
	lines := option + "7\n# CONFIG_LOADSTONE is not set\n\n" + option + "8\n"
	Expect(s.MustLoad(objects.GlobalData.KconfigInt, Kconfig(lines)).Run("low")).To(Equal(uint32(7)))
})

var _ = It("globaldata.kconfig.given-first", func(s *Session) {
	loaded := s.MustLoad(objects.GlobalData.KconfigOwn, Kconfig("CONFIG_BPF_SYSCALL=n\n"))
	Expect(loaded.Run("low")).To(BeZero(), "whatever the kernel's own is, which runs the program")
})

var _ = It("globaldata.kconfig.others-passed-over", func(s *Session) {
	lines := "CONFIG_LOADSTONE_TOO=\"x\"\n" + option + "7\nCONFIG_LOADSTONE_THREE=y\n"
	Expect(s.MustLoad(objects.GlobalData.KconfigInt, Kconfig(lines)).Run("low")).To(Equal(uint32(7)))
})

var _ = It("globaldata.kconfig.weak", func(s *Session) {
	Expect(halves(s.MustLoad(objects.GlobalData.KconfigWeak))).To(BeZero())
})

var _ = It("globaldata.kconfig.weak-given", func(s *Session) {
	loaded := loadGiven(s, given{object: objects.GlobalData.KconfigWeak, text: "-5"})
	Expect(int64(halves(loaded))).To(Equal(int64(-5)))
})

var _ = It("globaldata.kconfig.missing-refused", func(s *Session) {
	s.Control(objects.GlobalData.KconfigInt, Kconfig(option+"1\n"))
	before := s.Kernel()
	Expect(s.Load(objects.GlobalData.KconfigInt)).To(
		BeRejected(AtLoad, NotFound, Invalid, NotSupported))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

var _ = It("globaldata.kconfig.version", func(s *Session) {
	version, err := oracle.LinuxVersion()
	s.MustWork(err)
	Expect(s.MustLoad(objects.GlobalData.KconfigVersion).Run("version")).To(Equal(version))
})

var _ = It("globaldata.kconfig.cookie", func(s *Session) {
	loaded := s.MustLoad(objects.GlobalData.KconfigKernel)
	unknown := features.HaveProgramHelper(ebpf.TracePoint, asm.FnGetAttachCookie)
	Expect(loaded.Run("cookie")).To(Equal(flag(unknown == nil)), fmt.Sprint(unknown))
})

var _ = It("globaldata.kconfig.wrapper", func(s *Session) {
	loaded := s.MustLoad(objects.GlobalData.KconfigKernel)
	var wrapped bool
	for _, arch := range []string{"x64", "arm64", "s390x", "riscv"} {
		found, err := oracle.SymbolAddresses("__" + arch + "_sys_bpf")
		s.MustWork(err)
		wrapped = wrapped || len(found) > 0
	}
	Expect(loaded.Run("wrapper")).To(Equal(flag(wrapped)))
})

// flag returns a condition as C has it.
func flag(is bool) uint32 {
	if is {
		return 1
	}
	return 0
}

var _ = It("globaldata.kconfig.unknown-weak", func(s *Session) {
	Expect(s.MustLoad(objects.GlobalData.KconfigUnheardWeak).Run("version")).To(BeZero())
})

var _ = Refusal("globaldata.kconfig.unknown-refused", objects.GlobalData.KconfigVersion,
	objects.GlobalData.KconfigUnheard, AtAnyStage, NotFound, Invalid, NotSupported)

var _ = Refusal("globaldata.kconfig.unknown-refused/stranger", objects.GlobalData.KconfigVersion,
	objects.GlobalData.KconfigStranger, AtAnyStage, NotFound, Invalid, NotSupported)

var _ = Table("globaldata.kconfig.type-refused", func(s *Session, o objects.Object) {
	s.Control(objects.GlobalData.KconfigInt, Kconfig(option+"1\n"))
	Expect(s.Load(o, Kconfig(option+"1\n"))).To(BeRejected(AtAnyStage, NotSupported, Invalid))
},
	Entry("enum", objects.GlobalData.KconfigEnum),
	Entry("function", objects.GlobalData.KconfigFunction),
)

var _ = It("globaldata.kconfig.map", func(s *Session) {
	loaded := loadGiven(s, given{object: objects.GlobalData.KconfigInt, text: "258"})
	name := loaded.DataMap(".kconfig")
	facts := loaded.Map(name)
	Expect(facts.Frozen).To(BeTrue(), "for user space")
	Expect(facts.Flags&readOnlyForPrograms).NotTo(BeZero(), "for programs")
	Expect(facts.MaxEntries).To(Equal(uint32(1)))
	Expect(bytes.TrimRight(loaded.Lookup(name, U32(0)), "\x00")).NotTo(BeEmpty())
	Expect(loaded.Program("low").Maps).To(ContainElement(loaded.MapID(name)))
})

var _ = It("globaldata.kconfig.map-name", func(s *Session) {
	loaded := loadGiven(s, given{object: objects.GlobalData.KconfigInt, text: "258"})
	Expect(loaded.Map(loaded.DataMap(".kconfig")).Name).To(Equal("kconfig.kconfig"))
})

var _ = It("globaldata.kconfig.map-types", func(s *Session) {
	loaded := loadGiven(s, given{object: objects.GlobalData.KconfigInt, text: "258"})
	Expect(loaded.Map(loaded.DataMap(".kconfig")).Value).To(Equal(".kconfig"))
})

var _ = It("globaldata.kconfig.one-map", func(s *Session) {
	loaded := s.MustLoad(objects.GlobalData.KconfigVersion)
	Expect(loaded.Program("version").Maps).To(Equal(loaded.Program("again").Maps))
})

var _ = It("globaldata.kconfig.open-makes-nothing", func(s *Session) {
	s.Control(objects.GlobalData.KconfigInt, Kconfig(option+"1\n"))
	Expect(s.MadeWhile(func() {
		s.Open(objects.GlobalData.KconfigInt, Kconfig(option+"1\n")).Close()
	})).To(HaveMadeNothing())
})

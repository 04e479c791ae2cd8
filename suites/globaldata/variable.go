// SPDX-License-Identifier: Apache-2.0

package globaldata

import (
	"os"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/elfedit"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A handed value says what a program gives when it is asked for something.
type handed struct {
	ask   byte
	value uint32
}

// namedZeros asks for a variable in section .bss.named.
const namedZeros = 2

var _ = Table("globaldata.section.named", func(s *Session, g handed) {
	o := objects.GlobalData.NamedButZeros
	if g.ask == namedZeros {
		o = objects.GlobalData.Named // not every loader takes such
	}
	Expect(ask(s.MustLoad(o), g.ask)).To(Equal(g.value))
},
	Entry("bss", handed{namedZeros, 5}),
	Entry("data", handed{1, 4}),
	Entry("rodata", handed{0, 3}),
	Entry("beside", handed{3, 1 + 2 + 0}),
)

// The compiler puts strings in .rodata.str1.1.
var _ = It("globaldata.section.literals", func(s *Session) {
	loaded := s.MustLoad(objects.GlobalData.NamedButZeros)
	for i, letter := range "loadston" {
		if i > 3 { // what is less is asked for something else
			Expect(ask(loaded, byte(i))).To(Equal(uint32(letter)))
		}
	}
})

var _ = Table("globaldata.section.large", func(s *Session, g handed) {
	Expect(ask(s.MustLoad(objects.GlobalData.Large), g.ask)).To(Equal(g.value))
},
	Entry("bss", handed{2, 3}),
	Entry("data", handed{1, 2}),
	Entry("rodata", handed{0, 1}),
)

var _ = It("globaldata.section.shared", func(s *Session) {
	loaded := s.MustLoad(objects.GlobalData.Shared)
	Expect(loaded.Run("add_one")).To(Equal(uint32(6)))
	Expect(loaded.Run("add_ten")).To(Equal(uint32(16)))
	Expect(loaded.Run("add_one")).To(Equal(uint32(17)))
	Expect(loaded.Program("add_one").Maps).To(Equal(loaded.Program("add_ten").Maps))
})

var _ = It("globaldata.section.user-written", func(s *Session) {
	loaded := s.MustLoad(objects.GlobalData.Values)
	data := loaded.MapID(loaded.DataMap(".data"))
	Expect(oracle.Store(data, U32(0), U32(4711))).To(Succeed())
	Expect(ask(loaded, readInitialised)).To(Equal(uint32(4711)))
})

// Without BTF nothing says where a variable ends, and programs find it all the same.
var _ = It("globaldata.section.without-btf", func(s *Session) {
	loaded := s.MustLoad(objects.GlobalData.Values.With(
		elfedit.DropSection(".BTF"), elfedit.DropSection(".BTF.ext")))
	Expect(ask(loaded, readConstant)).To(Equal(uint32(7)))
	Expect(ask(loaded, readInitialised)).To(Equal(uint32(40)))
	ask(loaded, writeZero)
	Expect(ask(loaded, readZero)).To(Equal(uint32(1)))
})

var _ = Table("globaldata.linkage.initial", func(s *Session, g handed) {
	Expect(ask(s.MustLoad(objects.GlobalData.Linkage), g.ask)).To(Equal(g.value))
},
	Entry("global", handed{0, 1}),
	Entry("static", handed{1, 2}),
	Entry("hidden", handed{2, 3}),
	Entry("weak", handed{3, 4}),
	Entry("struct", handed{4, 50607}),
	Entry("static-alone", handed{5, 8}),
	Entry("hidden-alone", handed{6, 9}),
	Entry("of-function", handed{7, 10}),
)

// The BTF that a compiler writes has no offsets for variables that other objects could name: it
// leaves them to linkers and loaders.
var _ = It("globaldata.types.offsets", func(s *Session) {
	loaded := s.MustLoad(objects.GlobalData.Linkage)
	variables, err := oracle.VariablesIn(loaded.MapID(loaded.DataMap(".data")))
	Expect(err).NotTo(HaveOccurred())
	values := map[string][]byte{}
	for _, v := range variables {
		values[v.Name] = v.Value
	}
	Expect(values).To(HaveKeyWithValue("first", []byte{1}))
	Expect(values).To(HaveKeyWithValue("weak_number", U32(0x00040004)[:2]))
	Expect(values).To(HaveKeyWithValue("hidden_number", U32(3)))
	Expect(values).To(HaveKeyWithValue("static_number", U64(2)))
	Expect(values["mixed"]).To(HaveLen(24))
})

// mmapable has the value of BPF_F_MMAPABLE.
const mmapable = 1 << 10

var _ = It("globaldata.mapped.named-by-others", func(s *Session) {
	loaded := s.MustLoad(objects.GlobalData.Linkage)
	Expect(loaded.Map(loaded.DataMap(".data")).Flags & mmapable).NotTo(BeZero())
})

var _ = Table("globaldata.mapped.private", func(s *Session, section string) {
	loaded := s.MustLoad(objects.GlobalData.Linkage)
	Expect(loaded.Map(loaded.DataMap(section)).Flags & mmapable).To(BeZero())
},
	Entry("hidden", ".data.hidden"),
	Entry("static", ".data.private"),
)

var _ = It("globaldata.readonly.user-refused", func(s *Session) {
	loaded := s.MustLoad(objects.GlobalData.Values)
	constants := loaded.MapID(loaded.DataMap(".rodata"))
	Expect(oracle.Store(constants, U32(0), U32(1))).To(MatchError(os.ErrPermission))
	Expect(ask(loaded, readConstant)).To(Equal(uint32(7)))
})

var _ = Refusal("globaldata.readonly.program-refused",
	objects.GlobalData.VariableWritten, objects.GlobalData.ConstantWritten, AtVerify, Verifier,
	Permission)

// A section ends before the variable does, as the symbol has it, or begins behind it.
var _ = It("globaldata.reference.beyond-refused", func(s *Session) {
	s.Refuses(objects.GlobalData.Values, objects.GlobalData.Values.With(
		elfedit.MoveSymbol("initialised", 4096),
	), AtAnyStage, BadRelocation, Malformed, MalformedBTF, Invalid, Verifier, Permission)
})

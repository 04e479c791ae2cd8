// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A kernel refuses all types of an object for one that it does not know. What it does not know is
// for the loader to put in another way, and loaders rightly differ in how: specs look at the types
// beside it.

// Members that every kernel knows, as the kernel holds them of the objects here.
const (
	key         = "__u32 = unsigned int /*4*/"
	memberPlain = "__u32 = unsigned int /*4*/ plain@"
	memberLast  = "__u32 = unsigned int /*4*/ last@"
)

var _ = Table("mapdefs.btf.newer-type", func(s *Session, o objects.Object) {
	m := s.MustLoad(o).Map("m")
	Expect(m.Key).To(Equal(key))
	Expect(m.Value).To(And(HavePrefix("struct with_newer {"), ContainSubstring(memberPlain)))
},
	Entry("enum-signed", objects.MapDefs.NewerEnumSigned),
	Entry("enum-64", objects.MapDefs.NewerEnum64),
	Entry("float", objects.MapDefs.NewerFloat),
	Entry("type-tag", objects.MapDefs.NewerTypeTag),
	Entry("decl-tag", objects.MapDefs.NewerDeclTag),
)

var _ = It("mapdefs.btf.lock-in-value/enum-signed", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.NewerLock)
	loaded.Run("locked_store")
	Expect(loaded.Lookup("m", U32(0))).To(HaveSuffix(string(U32(0xffffffff))))
})

var _ = Table("mapdefs.btf.odd-name", func(s *Session, o objects.Object) {
	m := s.MustLoad(o).Map("m")
	Expect(m.Key).To(Equal(key))
	Expect(m.Value).To(And(HavePrefix("struct "), ContainSubstring(memberLast)))
},
	Entry("struct-200", objects.MapDefs.NameStruct200),
	Entry("struct-600", objects.MapDefs.NameStruct600),
	Entry("member-200", objects.MapDefs.NameMember200),
	Entry("struct-utf8", objects.MapDefs.NameStructUtf8),
	Entry("member-utf8", objects.MapDefs.NameMemberUtf8),
	Entry("struct-dollar", objects.MapDefs.NameStructDollar),
)

// Both sections of data have a list of variables in BTF, and one of the lists has a name that
// kernels before Linux 6.12 refuse.
var _ = It("mapdefs.btf.odd-name/section", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.DataDashed)
	var values []string
	for _, id := range loaded.Program("count").Maps {
		m, err := oracle.Map(id)
		Expect(err).NotTo(HaveOccurred())
		values = append(values, m.Value)
	}
	Expect(values).To(And(HaveLen(2), Not(ContainElement(BeEmpty()))))
})

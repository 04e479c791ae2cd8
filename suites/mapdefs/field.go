// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = Refusal("mapdefs.btf.unknown-field-refused",
	objects.MapDefs.Plain, objects.MapDefs.UnknownField, AtOpen, UnknownMapField)

var _ = Refusal("mapdefs.btf.unknown-field-refused/first",
	objects.MapDefs.Plain, objects.MapDefs.UnknownFieldFirst, AtOpen, UnknownMapField)

var _ = It("mapdefs.btf.unknown-field-ignored", func(s *Session) {
	plain := s.MustLoad(objects.MapDefs.Plain).Map("m")
	relaxed := s.MustLoad(objects.MapDefs.UnknownField, IgnoreUnknownFields).Map("m")
	Expect(relaxed).To(BeTheSameMapAs(plain))
})

var _ = It("mapdefs.btf.unknown-field-ignored/first", func(s *Session) {
	plain := s.MustLoad(objects.MapDefs.Plain).Map("m")
	relaxed := s.MustLoad(objects.MapDefs.UnknownFieldFirst, IgnoreUnknownFields).Map("m")
	Expect(relaxed).To(BeTheSameMapAs(plain))
})

var _ = It("mapdefs.btf.unknown-field-reported", func(s *Session) {
	opened := s.Open(objects.MapDefs.UnknownField, IgnoreUnknownFields)
	Expect(opened).To(BeOK())
	Expect(ignored(opened)).To(ConsistOf("m.colour"))
})

var _ = It("mapdefs.btf.unknown-field-ignored-only", func(s *Session) {
	before := s.Kernel()
	s.Control(objects.MapDefs.UnknownField, IgnoreUnknownFields)
	reply := s.Load(objects.MapDefs.UnknownFieldConflict, IgnoreUnknownFields)
	Expect(reply).To(BeRejected(AtOpen, BadMapDef))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

var _ = It("mapdefs.btf.field-order", func(s *Session) {
	plain := s.MustLoad(objects.MapDefs.Plain).Map("m")
	Expect(s.MustLoad(objects.MapDefs.DefinitionReordered).Map("m")).To(BeTheSameMapAs(plain))
})

var _ = It("mapdefs.btf.type-missing-refused", func(s *Session) {
	refuses(s, objects.MapDefs.Plain, objects.MapDefs.NoType, BadMapDef)
})

var _ = Table("mapdefs.btf.type-not-pointer-refused", func(s *Session, f fault) {
	s.Refuses(f.control, f.bad, AtOpen, BadMapDef, MalformedBTF)
}, []fault{
	{variant: "key", control: objects.MapDefs.Plain, bad: objects.MapDefs.KeyNotPointer},
	{variant: "value", control: objects.MapDefs.Plain, bad: objects.MapDefs.ValueNotPointer},
})

var _ = Table("mapdefs.btf.number-encoding-refused", func(s *Session, f fault) {
	s.Refuses(f.control, f.bad, AtOpen, BadMapDef, MalformedBTF)
}, []fault{
	{variant: "not-an-array", control: objects.MapDefs.Plain, bad: objects.MapDefs.NumberNotArray},
	{variant: "not-a-pointer", control: objects.MapDefs.Plain, bad: objects.MapDefs.NumberNotPointer},
})

var _ = Table("mapdefs.btf.unsized-type-refused", func(s *Session, f fault) {
	s.Refuses(f.control, f.bad, AtOpen, BadMapDef, MalformedBTF)
}, []fault{
	{variant: "key", control: objects.MapDefs.Plain, bad: objects.MapDefs.KeyWithoutSize},
	{variant: "value", control: objects.MapDefs.Plain, bad: objects.MapDefs.ValueWithoutSize},
})

var _ = It("mapdefs.btf.pinning-refused", func(s *Session) {
	refuses(s, objects.MapDefs.Plain, objects.MapDefs.PinningUnknown, BadMapDef, NotSupported)
})

var _ = It("mapdefs.btf.numa-node", func(s *Session) {
	plain := s.MustLoad(objects.MapDefs.Plain).Map("m")
	node := s.MustLoad(objects.MapDefs.NUMANode).Map("m")
	const numaNode = 1 << 2 // BPF_F_NUMA_NODE
	plain.Flags |= numaNode
	Expect(node).To(BeTheSameMapAs(plain))
})

var _ = It("mapdefs.btf.map-extra", func(s *Session) {
	m := s.MustLoad(objects.MapDefs.MapExtra).Map("m")
	Expect(m.Extra).To(Equal(uint64(3)))
})

// keyAndValue is a definition, and the types that the kernel is to have of it.
type keyAndValue struct {
	variant    string
	object     objects.Object
	key, value string
}

// Variant is the part of the spec's id behind the slash.
func (kv keyAndValue) Variant() string { return kv.variant }

var _ = Table("mapdefs.btf.key-value-types", func(s *Session, kv keyAndValue) {
	m := s.MustLoad(kv.object).Map("m")
	Expect(m.Key).To(Equal(kv.key))
	Expect(m.Value).To(Equal(kv.value))
}, []keyAndValue{
	{"struct", objects.MapDefs.KVStruct,
		"struct endpoint {__u32 = unsigned int /*4*/ address@0; __u16 = unsigned short /*2*/ port@32; __u16 = unsigned short /*2*/ zero@48;} /*8*/",
		"struct traffic {__u64 = unsigned long long /*8*/ packets@0; __u64 = unsigned long long /*8*/ bytes@64;} /*16*/"},
	{"typedef", objects.MapDefs.KVTypedef,
		"address_t = __u32 = unsigned int /*4*/", "bytes_t = __u64 = unsigned long long /*8*/"},
	{"const", objects.MapDefs.KVConst,
		"const __u32 = unsigned int /*4*/", "const __u64 = unsigned long long /*8*/"},
	{"volatile", objects.MapDefs.KVVolatile,
		"volatile __u32 = unsigned int /*4*/", "volatile __u64 = unsigned long long /*8*/"},
	{"enum", objects.MapDefs.KVEnum,
		"enum colour {RED=0, GREEN=1} /*4*/", "enum shape {ROUND=0, SQUARE=1} /*4*/"},
	{"union", objects.MapDefs.KVUnion,
		"union address {__u32 = unsigned int /*4*/ v4@0; __u32 = unsigned int /*4*/[4] v6@0;} /*16*/",
		"union number {__u64 = unsigned long long /*8*/ whole@0; __u32 = unsigned int /*4*/[2] half@0;} /*8*/"},
	{"array", objects.MapDefs.KVArray,
		"__u32 = unsigned int /*4*/", "__u16 = unsigned short /*2*/[6]"},
	{"array-of-no-length", objects.MapDefs.KVZeroArray,
		"__u32 = unsigned int /*4*/", "struct header {__u32 = unsigned int /*4*/ length@0; __u8 = unsigned char /*1*/[0] payload@32;} /*4*/"},
	{"anonymous", objects.MapDefs.KVAnonymous,
		"__u32 = unsigned int /*4*/", "struct {__u32 = unsigned int /*4*/ left@0; __u32 = unsigned int /*4*/ right@32;} /*8*/"},
	{"char", objects.MapDefs.KVChar,
		"__u8 = unsigned char /*1*/", "char /*1*/"},
})

// local is storage that the kernel keeps with something of its own.
type local struct {
	variant string
	object  objects.Object
}

// Variant is the part of the spec's id behind the slash.
func (l local) Variant() string { return l.variant }

var _ = Table("mapdefs.btf.local-storage", func(s *Session, l local) {
	m := s.MustLoad(l.object).Map("m")
	Expect(m.Type).To(Equal(l.variant))
	Expect(m.Value).To(Equal("__u64 = unsigned long long /*8*/"))
}, []local{
	{"sk_storage", objects.MapDefs.SKStorage},
	{"task_storage", objects.MapDefs.TaskStorage},
})

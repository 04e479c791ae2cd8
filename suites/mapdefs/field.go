// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// unknownFields define a map with a field that no loader knows, as the last and as the first.
var unknownFields = []objects.Object{
	objects.MapDefs.UnknownField, objects.MapDefs.UnknownFieldFirst,
}

var _ = It("mapdefs.btf.unknown-field-refused", func(s *Session) {
	refusesEach(s, objects.MapDefs.Plain, unknownFields, AtOpen, UnknownMapField)
})

var _ = It("mapdefs.btf.unknown-field-ignored", func(s *Session) {
	plain := s.MustLoad(objects.MapDefs.Plain).Map("m")
	for _, o := range unknownFields {
		Expect(s.MustLoad(o, IgnoreUnknownFields).Map("m")).To(BeTheSameMapAs(plain), o.Name())
	}
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

var _ = It("mapdefs.btf.type-not-pointer-refused", func(s *Session) {
	refusesEach(s, objects.MapDefs.Plain,
		[]objects.Object{objects.MapDefs.KeyNotPointer, objects.MapDefs.ValueNotPointer},
		AtOpen, BadMapDef, MalformedBTF)
})

var _ = It("mapdefs.btf.number-encoding-refused", func(s *Session) {
	refusesEach(s, objects.MapDefs.Plain,
		[]objects.Object{objects.MapDefs.NumberNotArray, objects.MapDefs.NumberNotPointer},
		AtOpen, BadMapDef, MalformedBTF)
})

var _ = It("mapdefs.btf.unsized-type-refused", func(s *Session) {
	refusesEach(s, objects.MapDefs.Plain,
		[]objects.Object{objects.MapDefs.KeyWithoutSize, objects.MapDefs.ValueWithoutSize},
		AtOpen, BadMapDef, MalformedBTF)
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

// The longer way to write a number, which holds 64 bits (libbpf 1.4, __ulong): the value of an
// enum.
var _ = It("mapdefs.btf.map-extra-long", func(s *Session) {
	m := s.MustLoad(objects.MapDefs.MapExtraLong).Map("m")
	Expect(m.Extra).To(Equal(uint64(3)))
})

// An arena is where user space is to have it, at an address of 64 bits.
var _ = It("mapdefs.btf.map-extra-long/arena", func(s *Session) {
	const address = 1 << 44
	if err := s.ArenaFails(address, 1); err != nil {
		before := s.Kernel()
		s.Control(objects.MapDefs.Plain)
		Expect(s.Load(objects.MapDefs.Arena)).To(BeRejected(AtAnyStage), "the kernel says %v", err)
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
		s.SkipArena(err)
	}
	Expect(s.MustLoad(objects.MapDefs.Arena).Map("m").Extra).To(Equal(uint64(address)))
})

// The kernel refuses these types of map with the BTF of a key or a value, as it keeps none of them
// (map_check_btf, ENOTSUPP). The definition names them all the same, for their sizes.
var _ = It("mapdefs.btf.types-not-kept", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.KVNotKept)
	for _, m := range []oracle.MapFacts{
		{Name: "events", Type: "perf_event_array", KeySize: 4, ValueSize: 4, MaxEntries: 1},
		{Name: "programs", Type: "prog_array", KeySize: 4, ValueSize: 4, MaxEntries: 4},
		{Name: "values", Type: "queue", ValueSize: 8, MaxEntries: 16},
		{Name: "stacks", Type: "stack_trace", KeySize: 4, ValueSize: 128, MaxEntries: 32},
		{Name: "cpus", Type: "cpumap", KeySize: 4, ValueSize: 4, MaxEntries: 1},
	} {
		Expect(loaded.Map(m.Name).WithoutBTF()).To(BeTheSameMapAs(m), m.Name)
	}
})

// The kernel refuses these types of value for the type or the flags of the map, each for another
// reason. The program does not need them.
var _ = Table("mapdefs.btf.types-refused", func(s *Session, o objects.Object) {
	loaded := s.MustLoad(o)
	m := loaded.Map("m")
	Expect(m).To(BeTheSameMapAs(m.WithoutBTF()))
	const pass = 2 // XDP_PASS
	Expect(loaded.Run("read_n")).To(Equal(uint32(pass)))
},
	Entry("lock", objects.MapDefs.TypesRefusedLock),
	Entry("timer", objects.MapDefs.TypesRefusedTimer),
	Entry("flags", objects.MapDefs.TypesRefusedRdonly),
)

// A keyAndValue pairs a definition with the types that the kernel has to hold of it.
type keyAndValue struct {
	object     objects.Object
	key, value string
}

var _ = Table("mapdefs.btf.key-value-types", func(s *Session, kv keyAndValue) {
	m := s.MustLoad(kv.object).Map("m")
	Expect(m.Key).To(Equal(kv.key))
	Expect(m.Value).To(Equal(kv.value))
},
	Entry("struct", keyAndValue{objects.MapDefs.KVStruct,
		"struct endpoint {__u32 = unsigned int /*4*/ address@0; __u16 = unsigned short /*2*/ port@32; __u16 = unsigned short /*2*/ zero@48;} /*8*/",
		"struct traffic {__u64 = unsigned long long /*8*/ packets@0; __u64 = unsigned long long /*8*/ bytes@64;} /*16*/"}),
	Entry("typedef", keyAndValue{objects.MapDefs.KVTypedef,
		"address_t = __u32 = unsigned int /*4*/", "bytes_t = __u64 = unsigned long long /*8*/"}),
	Entry("qualifier", keyAndValue{objects.MapDefs.KVQualifier,
		"const __u32 = unsigned int /*4*/", "volatile __u64 = unsigned long long /*8*/"}),
	Entry("enum", keyAndValue{objects.MapDefs.KVEnum,
		"enum colour {RED=0, GREEN=1} /*4*/", "enum shape {ROUND=0, SQUARE=1} /*4*/"}),
	Entry("union", keyAndValue{objects.MapDefs.KVUnion,
		"union address {__u32 = unsigned int /*4*/ v4@0; __u32 = unsigned int /*4*/[4] v6@0;} /*16*/",
		"union number {__u64 = unsigned long long /*8*/ whole@0; __u32 = unsigned int /*4*/[2] half@0;} /*8*/"}),
	Entry("array", keyAndValue{objects.MapDefs.KVArray,
		"__u32 = unsigned int /*4*/", "__u16 = unsigned short /*2*/[6]"}),
	Entry("array-of-no-length", keyAndValue{objects.MapDefs.KVZeroArray,
		"__u32 = unsigned int /*4*/", "struct header {__u32 = unsigned int /*4*/ length@0; __u8 = unsigned char /*1*/[0] payload@32;} /*4*/"}),
	Entry("anonymous", keyAndValue{objects.MapDefs.KVAnonymous,
		"__u32 = unsigned int /*4*/", "struct {__u32 = unsigned int /*4*/ left@0; __u32 = unsigned int /*4*/ right@32;} /*8*/"}),
	Entry("char", keyAndValue{objects.MapDefs.KVChar,
		"__u8 = unsigned char /*1*/", "char /*1*/"}),
)

// A local defines storage that the kernel keeps with something of its own.
type local struct {
	object objects.Object
	typ    string
}

var _ = Table("mapdefs.btf.local-storage", func(s *Session, l local) {
	m := s.MustLoad(l.object).Map("m")
	Expect(m.Type).To(Equal(l.typ))
	Expect(m.Value).To(Equal("__u64 = unsigned long long /*8*/"))
},
	Entry("sk_storage", local{objects.MapDefs.SKStorage, "sk_storage"}),
	Entry("task_storage", local{objects.MapDefs.TaskStorage, "task_storage"}),
)

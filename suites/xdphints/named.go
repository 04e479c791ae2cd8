// SPDX-License-Identifier: Apache-2.0

package xdphints

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// namedTypes lists the types that programs ask for (objects/xdphints/named.bpf.c), by the places of
// the answers.
var namedTypes = []string{
	"loadstone_named", "loadstone_either", "loadstone_choice", "loadstone_number", "loadstone_call",
	"loadstone_row", "loadstone_pointer",
}

// A lot pairs types elsewhere with whether each of them is what programs ask for.
type lot struct {
	types objects.Object
	have  [7]int
}

var (
	all  = [7]int{1, 1, 1, 1, 1, 1, 1}
	none = [7]int{}
)

// mustTellOfTypes loads a program that asks one thing of each type, and expects the answers, 0 of a
// type that is missing.
func mustTellOfTypes(s *Session, program objects.Object, l lot,
	answer func(types *btf.Spec, of btf.Type) (uint64, error)) {
	loaded := s.MustLoad(program, against(s, l.types))
	types := typesOf(s, l.types)
	want := make([]uint64, len(namedTypes))
	for i, has := range l.have {
		if has == 0 {
			continue
		}
		of, err := types.AnyTypeByName(namedTypes[i])
		s.MustWork(err)
		want[i], err = answer(types, of)
		s.MustWork(err)
	}
	Expect(answersOf(loaded, packet(), len(namedTypes))).To(Equal(want), "of %v", namedTypes)
}

func yes(*btf.Spec, btf.Type) (uint64, error) { return 1, nil }

// Two types are the same for programs where they have the name and the kind, and a function the
// parameters; what a structure has in it, how large a number and how long an array is do not count.
var _ = Table("xdphints.type.exists", func(s *Session, l lot) {
	mustTellOfTypes(s, objects.XDPHints.TypeExists, l, yes)
},
	Entry("choices", lot{objects.XDPHints.TypesChoices, all}),
	Entry("fewer", lot{objects.XDPHints.TypesFewer, [7]int{1, 1, 1, 1, 0, 1, 1}}),
	Entry("grown", lot{objects.XDPHints.TypesGrown, all}),
	Entry("none", lot{objects.XDPHints.TypesNone, none}),
	Entry("numbers", lot{objects.XDPHints.TypesNumbers, all}),
	Entry("others", lot{objects.XDPHints.TypesOthers, [7]int{1, 1, 1, 1, 0, 1, 1}}),
	Entry("rows", lot{objects.XDPHints.TypesRows, [7]int{1, 1, 1, 1, 1, 1, 0}}),
	Entry("same", lot{objects.XDPHints.TypesSame, all}),
	Entry("union", lot{objects.XDPHints.TypesUnion, [7]int{0, 1, 1, 1, 0, 0, 0}}),
)

var _ = Table("xdphints.type.size", func(s *Session, l lot) {
	mustTellOfTypes(s, objects.XDPHints.TypeSize, l, func(_ *btf.Spec, of btf.Type) (uint64, error) {
		size, err := btf.Sizeof(of)
		return uint64(size), err
	})
},
	Entry("grown", lot{objects.XDPHints.TypesGrown, all}),
	Entry("none", lot{objects.XDPHints.TypesNone, none}),
	Entry("rows", lot{objects.XDPHints.TypesRows, [7]int{1, 1, 1, 1, 1, 1, 0}}),
	Entry("same", lot{objects.XDPHints.TypesSame, all}),
)

// All that programs know of a type has to be there: names, and for numbers and arrays the size.
var _ = Table("xdphints.type.matches", func(s *Session, l lot) {
	mustTellOfTypes(s, objects.XDPHints.TypeMatches, l, yes)
},
	Entry("choices", lot{objects.XDPHints.TypesChoices, [7]int{1, 1, 0, 1, 1, 1, 1}}),
	Entry("grown", lot{objects.XDPHints.TypesGrown, all}),
	Entry("none", lot{objects.XDPHints.TypesNone, none}),
	Entry("numbers", lot{objects.XDPHints.TypesNumbers, [7]int{0, 1, 1, 0, 1, 0, 1}}),
	Entry("others", lot{objects.XDPHints.TypesOthers, [7]int{1, 1, 1, 1, 0, 1, 1}}),
	Entry("rows", lot{objects.XDPHints.TypesRows, [7]int{1, 1, 1, 1, 1, 0, 0}}),
	Entry("same", lot{objects.XDPHints.TypesSame, all}),
	Entry("union", lot{objects.XDPHints.TypesUnion, [7]int{0, 1, 1, 1, 0, 0, 0}}),
)

var _ = Table("xdphints.type.id-there", func(s *Session, l lot) {
	mustTellOfTypes(s, objects.XDPHints.TypeIdThere, l,
		func(types *btf.Spec, of btf.Type) (uint64, error) {
			id, err := types.TypeID(of)
			return uint64(id), err
		})
},
	Entry("grown", lot{objects.XDPHints.TypesGrown, all}),
	Entry("none", lot{objects.XDPHints.TypesNone, none}),
	Entry("same", lot{objects.XDPHints.TypesSame, all}),
)

// The number of a type of the object is the one that the kernel knows the program's type by,
// whatever there is elsewhere.
var _ = Table("xdphints.type.id-here", func(s *Session, types objects.Object) {
	loaded := s.MustLoad(objects.XDPHints.TypeIdHere, against(s, types))
	own := programTypes(s, loaded.ProgramID("reader"))
	want := make([]uint64, len(namedTypes))
	for i, name := range namedTypes {
		of, err := own.AnyTypeByName(name)
		Expect(err).NotTo(HaveOccurred(), "%s in the program's BTF in the kernel", name)
		id, err := own.TypeID(of)
		s.MustWork(err)
		want[i] = uint64(id)
	}
	Expect(answersOf(loaded, packet(), len(namedTypes))).To(Equal(want), "of %v", namedTypes)
},
	Entry("none", objects.XDPHints.TypesNone),
	Entry("same", objects.XDPHints.TypesSame),
)

// programTypes returns the BTF that the kernel has of a program.
func programTypes(s *Session, id uint32) *btf.Spec {
	program, err := ebpf.NewProgramFromID(ebpf.ProgramID(id))
	s.MustWork(err)
	defer program.Close()
	info, err := program.Info()
	s.MustWork(err)
	number, has := info.BTFID()
	Expect(has).To(BeTrue(), "BTF of program %d", id)
	handle, err := btf.NewHandleFromID(number)
	s.MustWork(err)
	defer handle.Close()
	spec, err := handle.Spec(nil)
	s.MustWork(err)
	return spec
}

// A naming pairs types with what a program is told of names of an enumeration: whether each is
// there, and its value.
type naming struct {
	types objects.Object
	want  []uint64
}

var _ = Table("xdphints.enumerator.narrow", func(s *Session, n naming) {
	loaded := s.MustLoad(objects.XDPHints.Enumerators, against(s, n.types))
	Expect(answersOf(loaded, packet(), len(n.want))).To(Equal(n.want))
},
	Entry("changed", naming{objects.XDPHints.TypesChoices, []uint64{1, 11, 1, 12, 0, 0}}),
	Entry("none", naming{objects.XDPHints.TypesNone, []uint64{0, 0, 0, 0, 0, 0}}),
	Entry("same", naming{objects.XDPHints.TypesSame, []uint64{1, 1, 1, 2, 1, 0x7654321}}),
)

// below holds -5, as programs do.
const below = 1<<64 - 5

var _ = Table("xdphints.enumerator.wide", func(s *Session, n naming) {
	loaded := s.MustLoad(objects.XDPHints.EnumeratorsWide, against(s, n.types))
	Expect(answersOf(loaded, packet(), len(n.want))).To(Equal(n.want))
},
	Entry("changed", naming{objects.XDPHints.TypesChoices, []uint64{1, 0x21_0000000f, 0, 0}}),
	Entry("none", naming{objects.XDPHints.TypesNone, []uint64{0, 0, 0, 0}}),
	Entry("same", naming{objects.XDPHints.TypesSame, []uint64{1, 0x12_3456789a, 1, below}}),
)

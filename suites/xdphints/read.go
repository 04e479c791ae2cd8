// SPDX-License-Identifier: Apache-2.0

package xdphints

import (
	"cmp"
	"slices"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A form names a form of the structure where programs run, and the fields that it has not, or not
// as programs know them.
type form struct {
	types objects.Object
	lacks []string
	name  string // of the structure there, if it is another
}

// named returns a form in which the structure has another name.
func named(o objects.Object, name string, lacks ...string) form {
	return form{types: o, name: name, lacks: lacks}
}

// like returns a form that lacks fields.
func like(o objects.Object, lacks ...string) form { return form{types: o, lacks: lacks} }

// lacksAll lists what a form lacks in which there is no structure.
var lacksAll = func() (all []string) {
	for _, f := range fields {
		all = append(all, f.path)
	}
	return all
}()

// places returns where a form has the fields, by their numbers, and nil for one that it lacks.
func (f form) places(s *Session) []*place {
	all := make([]*place, len(fields))
	if len(f.lacks) == len(fields) {
		return all
	}
	of := structIn(s, typesOf(s, f.types), cmp.Or(f.name, metaName))
	for i, field := range fields {
		if slices.Contains(f.lacks, field.path) {
			continue
		}
		at, err := find(of, field.path)
		s.MustWork(err)
		all[i] = &at
	}
	return all
}

// mustRead loads the program that reads all fields, gives it a packet in which each has a value of
// its own, and expects these.
func mustRead(s *Session, f form) {
	loaded := s.MustLoad(objects.XDPHints.Read, against(s, f.types))
	places := f.places(s)
	packet, want := packet(), make([]uint64, len(fields))
	for i := range packet[metaAt:] {
		packet[metaAt+i] = 0x5a // what is not there is not 0, as its answer is
	}
	for i, at := range places {
		if at != nil {
			at.put(packet[metaAt:], valueOf(i))
		}
	}
	for i, at := range places {
		if at != nil { // fields share bytes in a union: what is there now counts
			signed := fields[i].signed || fields[i].bits && at.signed
			want[i] = at.seen(at.get(packet[metaAt:]), signed)
		}
	}
	Expect(answersOf(loaded, packet, len(fields))).To(Equal(want), "values of %v", paths())
}

// paths names the fields, for people.
func paths() (all []string) {
	for _, f := range fields {
		all = append(all, f.path)
	}
	return all
}

var _ = Table("xdphints.field.read", mustRead,
	Entry("anonymous-deeper", like(objects.XDPHints.TargetAnonymousDeeper)),
	Entry("anonymous-flat", like(objects.XDPHints.TargetAnonymousFlat)),
	Entry("array-longer", like(objects.XDPHints.TargetArrayLonger)),
	Entry("array-open", like(objects.XDPHints.TargetArrayOpen)),
	Entry("array-wider", like(objects.XDPHints.TargetArrayWider)),
	Entry("bits-across", like(objects.XDPHints.TargetBitsAcross)),
	Entry("bits-moved", like(objects.XDPHints.TargetBitsMoved)),
	Entry("bits-plain", like(objects.XDPHints.TargetBitsPlain)),
	Entry("cycle", like(objects.XDPHints.TargetCycle)),
	Entry("dressed", like(objects.XDPHints.TargetDressed)),
	Entry("flavor", named(objects.XDPHints.TargetFlavor, "loadstone_meta___second")),
	Entry("moved", like(objects.XDPHints.TargetMoved)),
	Entry("narrower", like(objects.XDPHints.TargetNarrower)),
	Entry("nested-moved", like(objects.XDPHints.TargetNestedMoved)),
	Entry("same", like(objects.XDPHints.TargetSame)),
	Entry("unsigned", like(objects.XDPHints.TargetLevelUnsigned)),
	Entry("wider", like(objects.XDPHints.TargetWider)),
)

// What a program asks for before it reads it may be missing: it is not read then.
var _ = Table("xdphints.field.absent", mustRead,
	Entry("anonymous-named", like(objects.XDPHints.TargetAnonymousNamed, "first", "third")),
	Entry("array-none", like(objects.XDPHints.TargetArrayNone, "slots[2]")),
	Entry("array-shorter", like(objects.XDPHints.TargetArrayShorter, "slots[2]")),
	Entry("hash-array", like(objects.XDPHints.TargetHashArray, "hash")),
	Entry("hash-float", like(objects.XDPHints.TargetHashFloat, "hash")),
	Entry("hash-pointer", like(objects.XDPHints.TargetHashPointer, "hash")),
	Entry("kind-number", like(objects.XDPHints.TargetKindNumber, "kind")),
	Entry("renamed", like(objects.XDPHints.TargetRenamed, "hash")),
	Entry("ring-number", like(objects.XDPHints.TargetRingNumber, "ring")),
	Entry("structure-other", like(objects.XDPHints.TargetOther, lacksAll...)),
	Entry("structure-union", like(objects.XDPHints.TargetUnion, lacksAll...)),
	Entry("tag-array", like(objects.XDPHints.TargetTagArray, tags...)),
	Entry("tag-deeper", like(objects.XDPHints.TargetTagDeeper, tags...)),
	Entry("tag-none", like(objects.XDPHints.TargetTagNone, tags...)),
	Entry("tag-number", like(objects.XDPHints.TargetTagNumber, tags...)),
	Entry("tag-pointer", like(objects.XDPHints.TargetTagPointer, tags...)),
)

// tags lists the fields of one structure in the structure.
var tags = []string{"tag.outer", "tag.deep.high", "tag.deep.low"}

// SPDX-License-Identifier: Apache-2.0

package linking

import (
	"slices"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A conflict is two objects that do not fit together, and two that do.
type conflict struct{ good, bad []Object }

// refuses expects that a conflict is refused, whichever object comes first.
func refuses(s *Session, c conflict) {
	s.RefusesLink(c.good, c.bad, Invalid)
	slices.Reverse(c.bad)
	s.RefusesLink(c.good, c.bad, Invalid)
}

// calls returns the conflict of a caller that declares the function in another way.
func calls(bad Object) conflict {
	return conflict{Objects(function, caller), Objects(function, bad)}
}

// reads returns the conflict of a reader that declares the variable in another way.
func reads(bad Object) conflict {
	return conflict{Objects(variable, reader), Objects(variable, bad)}
}

// readsPair returns the conflict of a reader that declares the struct in another way.
func readsPair(bad Object) conflict {
	return conflict{Objects(objects.Linking.Pair, objects.Linking.PairReader),
		Objects(objects.Linking.Pair, bad)}
}

// uses returns the conflict of a program that declares the map in another way.
func uses(bad Object) conflict {
	return conflict{Objects(definedMap, mapUser), Objects(definedMap, bad)}
}

var _ = Table("linking.conflict.defined-twice-refused", refuses,
	Entry("function", conflict{Objects(function, caller),
		Objects(function, caller, objects.Linking.FunctionOther)}),
	Entry("map", conflict{Objects(definedMap, mapUser),
		Objects(definedMap, mapUser, objects.Linking.MapOther)}),
	Entry("program", conflict{Objects(function, caller), Objects(function, caller, caller)}),
	Entry("variable", conflict{Objects(variable, reader),
		Objects(variable, reader, objects.Linking.VariableOther)}),
)

var _ = Table("linking.conflict.function-refused", refuses,
	Entry("more-parameters", calls(objects.Linking.CallerMore)),
	Entry("parameter-type", calls(objects.Linking.CallerParameter)),
	Entry("result-type", calls(objects.Linking.CallerResult)),
	Entry("variable", calls(objects.Linking.CallerVariable)),
)

var _ = Table("linking.conflict.variable-refused", refuses,
	Entry("array", reads(objects.Linking.ReaderArray)),
	Entry("section", reads(objects.Linking.ReaderSection)),
	Entry("size", reads(objects.Linking.ReaderLong)),
	Entry("struct-member-names", readsPair(objects.Linking.PairReaderName)),
	Entry("struct-member-order", readsPair(objects.Linking.PairReaderOrder)),
	Entry("struct-member-type", readsPair(objects.Linking.PairReaderRest)),
	Entry("struct-name", readsPair(objects.Linking.PairReaderTag)),
	Entry("union", readsPair(objects.Linking.PairReaderKind)),
	Entry("weak-of-another-type", conflict{Objects(objects.Linking.VariableWeak, reader),
		Objects(objects.Linking.VariableWeak, objects.Linking.VariableLong)}),
)

var _ = Table("linking.conflict.map-refused", refuses,
	Entry("extra", uses(objects.Linking.MapUserExtra)),
	Entry("flags", uses(objects.Linking.MapUserFlags)),
	Entry("inner-map", conflict{Objects(objects.Linking.Outer, objects.Linking.OuterUser),
		Objects(objects.Linking.Outer, objects.Linking.OuterUserInner)}),
	Entry("key-size", uses(objects.Linking.MapUserKeySize)),
	Entry("key-type", uses(objects.Linking.MapUserKey)),
	Entry("key-untyped", uses(objects.Linking.MapUserUntyped)),
	Entry("max-entries", uses(objects.Linking.MapUserEntries)),
	Entry("numa-node", uses(objects.Linking.MapUserNode)),
	Entry("pinning", uses(objects.Linking.MapUserPinning)),
	Entry("type", uses(objects.Linking.MapUserType)),
	Entry("value-size", uses(objects.Linking.MapUserValueSize)),
	Entry("value-type", uses(objects.Linking.MapUserValue)),
)

// Each set has several conflicts, of several kinds, in objects that have more than one of them.
var _ = Table("linking.conflict.several-refused", func(s *Session, bad []Object) {
	refuses(s, conflict{Objects(function, caller), slices.Clone(bad)})
	// What was refused is no part of what is linked next.
	expectRuns(s.MustLoadLinked(function, caller), "call", 1005)
},
	Entry("function-and-license", severalConflicts),
	Entry("function-and-program",
		Objects(function, caller, objects.Linking.FunctionOther, objects.Linking.CallerMore)),
	Entry("map-and-variable", Objects(definedMap, objects.Linking.MapOther, variable,
		objects.Linking.VariableOther)),
)

// severalConflicts are two definitions of one function, one declared in another way, and another
// license.
var severalConflicts = Objects(function, objects.Linking.FunctionOther, objects.Linking.CallerMore,
	otherLicense)

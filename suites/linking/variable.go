// SPDX-License-Identifier: Apache-2.0

package linking

import (
	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var (
	variable = &objects.Linking.VariableData
	reader   = &objects.Linking.Reader
)

// A kept variable is one that an object defines, its section, and what it holds once the object's
// own program ran.
type keptVariable struct {
	defined, read Object
	holds         uint32
	order         order
}

var _ = Table("linking.variable.extern", func(s *Session, k keptVariable) {
	loaded := s.MustLoadLinked(k.order.two(k.defined, k.read)...)
	expectRuns(loaded, "write", k.holds)
	expectRuns(loaded, "read", k.holds)
	expectRuns(loaded, "read_own", 700)
},
	Entry("bss-defined-first", keptVariable{objects.Linking.VariableBss, reader, 10, asWritten}),
	Entry("bss-defined-last", keptVariable{objects.Linking.VariableBss, reader, 10, reversed}),
	Entry("data-defined-first", keptVariable{variable, reader, 17, asWritten}),
	Entry("data-defined-last", keptVariable{variable, reader, 17, reversed}),
	Entry("rodata-defined-first", keptVariable{objects.Linking.VariableRodata,
		objects.Linking.ReaderRodata, 9, asWritten}),
	Entry("rodata-defined-last", keptVariable{objects.Linking.VariableRodata,
		objects.Linking.ReaderRodata, 9, reversed}),
)

var _ = Table("linking.variable.strong-wins", func(s *Session, o order) {
	loaded := s.MustLoadLinked(append(o.two(objects.Linking.VariableWeak, variable), reader)...)
	expectRuns(loaded, "read", 7)
	expectRuns(loaded, "write_weak", 17)
	expectRuns(loaded, "write", 27)
},
	Entry("weak-first", asWritten),
	Entry("strong-first", reversed),
)

var _ = Table("linking.variable.first-weak-wins", func(s *Session, w weakling) {
	all := w.order.two(objects.Linking.VariableWeak, objects.Linking.VariableWeakOther)
	loaded := s.MustLoadLinked(append(all, reader)...)
	expectRuns(loaded, "read", w.adds)
	expectRuns(loaded, "write_weak", w.adds+10)
	expectRuns(loaded, "write_other", w.adds+20)
},
	Entry("one", weakling{asWritten, 1000}),
	Entry("other", weakling{reversed, 2000}),
)

var _ = It("linking.variable.static-stays", func(s *Session) {
	loaded := s.MustLoadLinked(variable, objects.Linking.VariableStatic, reader)
	expectRuns(loaded, "write_static", 110)
	expectRuns(loaded, "write_static", 120)
	expectRuns(loaded, "read", 7)
})

var _ = Table("linking.variable.any-order", func(s *Session, places string) {
	loaded := s.MustLoadLinked(ordered(places, objects.Linking.VariableWeak, variable, reader)...)
	expectRuns(loaded, "read", 7)
	expectRuns(loaded, "write", 17)
	expectRuns(loaded, "write_weak", 27)
	expectRuns(loaded, "read_own", 700)
}, orders...)

var _ = Table("linking.variable.struct", func(s *Session, o order) {
	loaded := s.MustLoadLinked(o.two(objects.Linking.Pair, objects.Linking.PairReader)...)
	expectRuns(loaded, "own", 78)
	expectRuns(loaded, "read", 78)
},
	Entry("defined-first", asWritten),
	Entry("defined-last", reversed),
)

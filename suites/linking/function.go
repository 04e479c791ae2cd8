// SPDX-License-Identifier: Apache-2.0

package linking

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// returned holds what programs return, by their names.
type returned map[string]uint32

// expectLinked expects that objects can be linked in that order, and what their programs return.
func expectLinked(s *Session, want returned, all ...Object) *Attempt {
	loaded := s.MustLoadLinked(all...)
	got := make(returned)
	for name := range want {
		got[name] = loaded.Run(name)
	}
	Expect(got).To(Equal(want))
	return loaded
}

// An order says which of the objects comes first.
type order bool

const (
	asWritten order = false
	reversed  order = true
)

// two returns two objects in an order.
func (o order) two(first, second Object) []Object {
	if o == reversed {
		return Objects(second, first)
	}
	return Objects(first, second)
}

var (
	function = &objects.Linking.Function
	caller   = &objects.Linking.Caller
)

var _ = Table("linking.function.extern", func(s *Session, o order) {
	expectLinked(s, returned{"call": 1005, "run": 1005}, o.two(function, caller)...)
},
	Entry("defined-first", asWritten),
	Entry("defined-last", reversed),
)

var _ = Table("linking.function.around-weak", func(s *Session, o order) {
	around := objects.Linking.Around
	linked := expectLinked(s, returned{"run": 1005, "run_after": 24, "run_before": 16,
		"run_last": 55, "run_shared": 1005}, o.two(around, function)...)
	linked.Close()
	expectLinked(s, returned{"run_after": 24, "run_before": 16, "run_last": 55, "run_shared": 6},
		around)
},
	Entry("weak-first", asWritten),
	Entry("weak-last", reversed),
)

var _ = It("linking.function.extern-in-several", func(s *Session) {
	expectLinked(s, returned{"call": 1005, "call_other": 1005, "run": 1005}, caller, function,
		objects.Linking.CallerOther)
})

var _ = Table("linking.function.strong-wins", func(s *Session, o order) {
	all := o.two(objects.Linking.FunctionWeak, function)
	expectLinked(s, returned{"call": 1005, "run": 1005, "run_weak": 1005}, append(all, caller)...)
},
	Entry("weak-first", asWritten),
	Entry("strong-first", reversed),
)

var _ = It("linking.function.strong-wins/after-extern", func(s *Session) {
	expectLinked(s, returned{"call": 1005, "run_weak": 1005}, objects.Linking.FunctionWeak, caller,
		function)
})

// A weakling is one of two weak definitions: the one that comes first, and what it adds.
type weakling struct {
	order order
	adds  uint32
}

var _ = Table("linking.function.first-weak-wins", func(s *Session, w weakling) {
	all := w.order.two(objects.Linking.FunctionWeak, objects.Linking.FunctionWeakOther)
	want := 5 + w.adds
	expectLinked(s, returned{"call": want, "run_weak": want, "run_other": want},
		append(all, caller)...)
},
	Entry("one", weakling{asWritten, 1}),
	Entry("other", weakling{reversed, 2}),
)

var _ = It("linking.function.static-stays", func(s *Session) {
	expectLinked(s, returned{"run_static": 3005, "run_other": 4005},
		objects.Linking.FunctionStatic, objects.Linking.FunctionStaticOther)
})

var _ = Table("linking.function.static-beside-global", func(s *Session, o order) {
	all := o.two(objects.Linking.FunctionStatic, function)
	expectLinked(s, returned{"run_static": 3005, "run": 1005, "call": 1005},
		append(all, caller)...)
},
	Entry("static-first", asWritten),
	Entry("static-last", reversed),
)

// ordered lists objects in an order, such as "312" for the third one first.
func ordered(places string, objects ...Object) []Object {
	var all []Object
	for _, place := range places {
		all = append(all, objects[place-'1'])
	}
	return all
}

// orders are all that three objects can come in.
var orders = []Case[string]{
	Entry("123", "123"), Entry("132", "132"), Entry("213", "213"), Entry("231", "231"),
	Entry("312", "312"), Entry("321", "321"),
}

// chain lists three objects, by their place in a chain of calls.
func chain(places string) []Object {
	return ordered(places, objects.Linking.ChainFirst, objects.Linking.ChainSecond,
		objects.Linking.ChainThird)
}

var _ = Table("linking.function.any-order", func(s *Session, places string) {
	all := ordered(places, objects.Linking.FunctionWeak, function, caller)
	expectLinked(s, returned{"call": 1005, "run": 1005, "run_weak": 1005}, all...)
}, orders...)

var _ = Table("linking.function.chain", func(s *Session, places string) {
	expectLinked(s, returned{"run_first": 33, "run_second": 17, "run_third": 6},
		chain(places)...)
}, orders...)

var _ = Table("linking.function.in-steps", func(s *Session, places string) {
	all := chain(places)
	two := s.MustLink(all[:2]...)
	expectLinked(s, returned{"run_first": 33, "run_second": 17, "run_third": 6}, two, all[2])
},
	Entry("123", "123"), Entry("321", "321"), Entry("132", "132"),
)

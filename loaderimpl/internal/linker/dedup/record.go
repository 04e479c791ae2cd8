// SPDX-License-Identifier: Apache-2.0

package dedup

import "github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"

// A role says what a word of a record means.
type role uint8

const (
	plain role = iota // a number
	name              // a string
	ref               // a type
)

// Every record begins with a name, a word of kind, count and flag, and a third word, and goes on
// with words that repeat (Documentation/bpf/btf.rst). All of BTF is words of 32 bits.
const (
	wordName = iota
	wordInfo
	wordThird
	headWords
)

// A layout says what the words of a kind's record mean.
type layout struct {
	third  role
	group  []role // of words that repeat
	counts bool   // the group comes as often as the record's count says; else once
}

// layouts list what a record of each kind holds. Of a kind that is not listed, only the first two
// words have a meaning.
var layouts = [...]layout{
	typeinfo.KindInt:       {group: []role{plain}},
	typeinfo.KindPtr:       {third: ref},
	typeinfo.KindArray:     {group: []role{ref, ref, plain}},
	typeinfo.KindStruct:    {group: []role{name, ref, plain}, counts: true},
	typeinfo.KindUnion:     {group: []role{name, ref, plain}, counts: true},
	typeinfo.KindEnum:      {group: []role{name, plain}, counts: true},
	typeinfo.KindFwd:       {},
	typeinfo.KindTypedef:   {third: ref},
	typeinfo.KindVolatile:  {third: ref},
	typeinfo.KindConst:     {third: ref},
	typeinfo.KindRestrict:  {third: ref},
	typeinfo.KindFunc:      {third: ref},
	typeinfo.KindFuncProto: {third: ref, group: []role{name, ref}, counts: true},
	typeinfo.KindVar:       {third: ref, group: []role{plain}},
	typeinfo.KindDatasec:   {group: []role{ref, plain, plain}, counts: true},
	typeinfo.KindFloat:     {},
	typeinfo.KindDeclTag:   {third: ref, group: []role{plain}},
	typeinfo.KindTypeTag:   {third: ref},
	typeinfo.KindEnum64:    {group: []role{name, plain, plain}, counts: true},
}

// roleOf returns what the i-th word of a record means.
func (l *layout) roleOf(i int) role {
	switch {
	case i == wordName:
		return name
	case i == wordThird:
		return l.third
	case i < headWords || len(l.group) == 0:
		return plain
	}
	return l.group[(i-headWords)%len(l.group)]
}

// A record holds one type: its words, where names are numbers of strings of the graph, and types
// are numbers of records of the graph.
type record []uint32

func (r record) kind() typeinfo.Kind { return typeinfo.Kind(r[wordInfo] >> 24 & 0x1f) }
func (r record) count() int          { return int(r[wordInfo] & 0xffff) }
func (r record) flag() bool          { return r[wordInfo]>>31 != 0 }

// forward reports whether a record declares a type without saying what is in it. Compilers declare
// an enum so by one without values.
func (r record) forward() bool {
	switch r.kind() {
	case typeinfo.KindFwd:
		return true
	case typeinfo.KindEnum, typeinfo.KindEnum64:
		return r.count() == 0 && r[wordName] != 0
	}
	return false
}

// declares returns the kind of what can be declared forward: a struct, a union or an enum; void for
// other records and those without a name.
func (r record) declares() typeinfo.Kind {
	switch k := r.kind(); {
	case r[wordName] == 0:
		return typeinfo.KindVoid
	case k == typeinfo.KindFwd && r.flag(), k == typeinfo.KindUnion:
		return typeinfo.KindUnion
	case k == typeinfo.KindFwd, k == typeinfo.KindStruct:
		return typeinfo.KindStruct
	case k == typeinfo.KindEnum, k == typeinfo.KindEnum64:
		return typeinfo.KindEnum
	}
	return typeinfo.KindVoid
}

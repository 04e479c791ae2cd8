// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// fill gives every field of a value something that is not zero.
func fill(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), depth)
		}
	case reflect.Pointer:
		if depth > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), depth-1)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth)
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	default:
		v.Set(reflect.ValueOf(7).Convert(v.Type()))
	}
}

// A field that were added to one of the two definitions and not to the way between them would be
// lost.
func TestDefinitionsAreWholeOnTheirWay(t *testing.T) {
	var d Definition
	fill(reflect.ValueOf(&d).Elem(), 2)
	if diff := cmp.Diff(d, fromInternal(toInternal(&d))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	own := reflect.TypeFor[mapdef.Definition]()
	for i := range own.NumField() {
		name := own.Field(i).Name
		inside := []string{"Supply", "innerIndex", "StructOps", "Arena"} // what a Map has in other ways
		if _, known := reflect.TypeFor[Definition]().FieldByName(name); !known && !slices.Contains(inside, name) {
			t.Errorf("callers do not see %s of a definition", name)
		}
	}
}

func TestChangesKeepFlagAndNodeTogether(t *testing.T) {
	for name, c := range map[string]struct {
		change func(a *Attributes)
		want   Attributes
	}{
		"flags":        {func(a *Attributes) { a.Flags = 1 }, Attributes{Flags: 1 | mapdef.FlagNumaNode, NumaNode: 0}},
		"node":         {func(a *Attributes) { a.SetNumaNode(3) }, Attributes{Flags: mapdef.FlagNumaNode, NumaNode: 3}},
		"node alone":   {func(a *Attributes) { a.NumaNode = 3 }, Attributes{Flags: mapdef.FlagNumaNode, NumaNode: 3}},
		"both":         {func(a *Attributes) { a.Flags, a.NumaNode = 1, 3 }, Attributes{Flags: 1 | mapdef.FlagNumaNode, NumaNode: 3}},
		"none":         {func(a *Attributes) { a.SetNumaNode(mapdef.NoNode) }, Attributes{NumaNode: mapdef.NoNode}},
		"none alone":   {func(a *Attributes) { a.NumaNode = mapdef.NoNode }, Attributes{NumaNode: mapdef.NoNode}},
		"nothing":      {func(*Attributes) {}, Attributes{Flags: mapdef.FlagNumaNode}},
		"other number": {func(a *Attributes) { a.MapExtra = 9 }, Attributes{Flags: mapdef.FlagNumaNode, MapExtra: 9}},
	} {
		m := openTest(t, "btf", Options{}).Map("on_node_zero_without_saying_so")
		was := m.Definition().Attributes
		c.want.Type, c.want.KeySize, c.want.ValueSize, c.want.MaxEntries = was.Type, was.KeySize, was.ValueSize, was.MaxEntries
		do(t, m.Change(c.change))
		if diff := cmp.Diff(c.want, m.Definition().Attributes); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

func TestASizeOfItsOwnDropsTheTypes(t *testing.T) {
	o := openTest(t, "btf", Options{})
	m := o.Map("typed")
	do(t, m.Change(func(a *Attributes) { a.ValueSize = 16 }))
	if d := m.Definition(); d.Key == 0 || d.Value == 0 {
		t.Errorf("the same size drops the types: %+v", d)
	}
	do(t, m.Change(func(a *Attributes) { a.ValueSize = 24 }))
	if d := m.Definition(); d.Key != 0 || d.Value != 0 {
		t.Errorf("another size keeps the types: %+v", d)
	}
}

func TestGlobalDataHasNoSizeThatCannotBe(t *testing.T) {
	m := openTest(t, "data", Options{}).Map(".data")
	for _, change := range []func(a *Attributes){
		func(a *Attributes) { a.KeySize = 8 },
		func(a *Attributes) { a.ValueSize, a.MaxEntries = 0, 2 },
	} {
		before := m.Definition()
		if err := m.Change(change); !errors.Is(err, refuse.ErrValue) || !errors.Is(err, ClassInvalid) {
			t.Errorf("error %v", err)
		}
		if diff := cmp.Diff(before, m.Definition()); diff != "" {
			t.Errorf("changed all the same: %s", diff)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// roundTrip sets a variable and reads it again with another value of the type.
func roundTrip[T any](t *testing.T, o *Object, name string, before, value T) {
	t.Helper()
	var got T
	if err := o.Variable(name).Get(&got); err != nil || !cmp.Equal(got, before) {
		t.Errorf("%s: holds %v from the start (%v), want %v", name, got, err, before)
	}
	if err := o.Variable(name).Set(value); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if err := o.Variable(name).Get(&got); err != nil || !cmp.Equal(got, value) {
		t.Errorf("%s: set to %v, is %v (%v)", name, value, got, err)
	}
}

func TestVariablesTakeValuesOfTheirTypes(t *testing.T) {
	for _, order := range orders {
		o, err := Open([]string{objectPath("variables", order)}, Options{})
		do(t, err)
		roundTrip[uint32](t, o, "threshold", 5, math.MaxUint32)
		roundTrip[uint](t, o, "threshold", math.MaxUint32, 7)
		roundTrip[int32](t, o, "shift", -2, -3)
		roundTrip(t, o, "shift", -3, math.MinInt32)
		roundTrip(t, o, "on", false, true)
		roundTrip[int32](t, o, "level", 3, -1)
		roundTrip[uint64](t, o, "big", 0, math.MaxUint64)
		roundTrip[int8](t, o, "small", 0, -128)
		roundTrip[uint16](t, o, "port", 0, 0x1234)
		roundTrip(t, o, "ports", [3]uint16{1, 2, 3}, [3]uint16{4, 5, 6})
		roundTrip(t, o, "ports", [3]int{4, 5, 6}, [3]int{7, 0, math.MaxUint16})
		roundTrip(t, o, "grid", [2][2]int32{}, [2][2]int32{{1, -2}, {3, -4}})
		roundTrip(t, o, "name", make([]byte, 8), []byte("loadston"))
		roundTrip(t, o, "point", make([]byte, 8), []byte{1, 0, 0, 0, 2, 0, 0, 0})
		roundTrip(t, o, "ratio", 0, 2.5)
		roundTrip(t, o, "nowhere", make([]byte, 8), []byte{0, 1, 2, 3, 4, 5, 6, 7})
		roundTrip[int32](t, o, "hidden", 9, 10)
	}
}

func TestVariablesRefuse(t *testing.T) {
	o := openTest(t, "variables", Options{})
	var wide int64
	for name, c := range map[string]struct {
		err   error
		want  error
		class Class
		text  string
	}{
		"wrong name":         {o.Variable("treshold").Set(uint32(1)), refuse.ErrName, ClassNotFound, "threshold"},
		"map":                {o.Variable(".rodata").Set(uint32(1)), refuse.ErrName, ClassNotFound, "threshold"},
		"read of no name":    {o.Variable("").Get(&wide), refuse.ErrName, ClassNotFound, "threshold"},
		"other size":         {o.Variable("threshold").Set(uint64(1)), refuse.ErrValue, ClassInvalid, "uint64"},
		"other sign":         {o.Variable("threshold").Set(int32(1)), refuse.ErrValue, ClassInvalid, "int32"},
		"number for a bool":  {o.Variable("on").Set(1), refuse.ErrValue, ClassInvalid, "_Bool"},
		"bool for a number":  {o.Variable("port").Set(true), refuse.ErrValue, ClassInvalid, "bool"},
		"too large":          {o.Variable("port").Set(1 << 16), refuse.ErrValue, ClassInvalid, "65536"},
		"too large unsigned": {o.Variable("small").Set(uint(128)), refuse.ErrValue, ClassInvalid, "128"},
		"too small":          {o.Variable("shift").Set(math.MinInt32 - 1), refuse.ErrValue, ClassInvalid, "-2147483649"},
		"negative":           {o.Variable("big").Set(-1), refuse.ErrValue, ClassInvalid, "-1"},
		"float of no size":   {o.Variable("ratio").Set(float32(1)), refuse.ErrValue, ClassInvalid, "float32"},
		"float for a number": {o.Variable("big").Set(1.5), refuse.ErrValue, ClassInvalid, "float64"},
		"fewer elements":     {o.Variable("ports").Set([2]uint16{}), refuse.ErrValue, ClassInvalid, "3 elements"},
		"other elements":     {o.Variable("ports").Set([3]uint32{}), refuse.ErrValue, ClassInvalid, "uint32"},
		"slice":              {o.Variable("ports").Set([]uint16{1, 2, 3}), refuse.ErrValue, ClassInvalid, "[]uint16"},
		"one that is large":  {o.Variable("ports").Set([3]int{1, 1, 1 << 16}), refuse.ErrValue, ClassInvalid, "element 2"},
		"fewer bytes":        {o.Variable("name").Set([]byte("short")), refuse.ErrValue, ClassInvalid, "5 bytes for 8"},
		"struct":             {o.Variable("point").Set(struct{ X, Y uint32 }{}), refuse.ErrValue, ClassInvalid, "point"},
		"number for pointer": {o.Variable("nowhere").Set(uint64(1)), refuse.ErrValue, ClassInvalid, "pointer"},
		"nothing":            {o.Variable("big").Set(nil), refuse.ErrValue, ClassInvalid, "no value"},
		"read into value":    {o.Variable("big").Get(wide), refuse.ErrValue, ClassInvalid, "int64"},
		"read into nothing":  {o.Variable("big").Get(nil), refuse.ErrValue, ClassInvalid, "nil"},
		"read of other size": {o.Variable("port").Get(&wide), refuse.ErrValue, ClassInvalid, "int64"},
		"read of other sign": {o.Variable("big").Get(&wide), refuse.ErrValue, ClassInvalid, "int64"},
	} {
		var typed *Error
		if !errors.As(c.err, &typed) || !errors.Is(c.err, c.want) || !errors.Is(c.err, c.class) || typed.Object != "variables" {
			t.Errorf("%s: error %v, want %q of class %s", name, c.err, c.want, c.class)
			continue
		}
		if !strings.Contains(c.err.Error(), c.text) {
			t.Errorf("%s: error %v does not say %q", name, c.err, c.text)
		}
	}
	// What is refused changes nothing, not even the elements before the one that is refused.
	roundTrip(t, o, "ports", [3]uint16{1, 2, 3}, [3]uint16{1, 2, 3})

	e := edited(t, "variables")
	replace(e, ".BTF", "twim", "twin")
	linked, err := OpenBytes(e.data, Options{})
	do(t, err)
	if err := linked.Variable("twin").Set(int32(1)); !errors.Is(err, refuse.ErrSeveralNamed) || !errors.Is(err, ClassInvalid) {
		t.Errorf("two of the name: %v", err)
	}
	if err := openTest(t, "legacy_nobtf", Options{}).Variable("x").Set(1); !errors.Is(err, ClassNotFound) {
		t.Errorf("without BTF: %v", err)
	}
}

func TestTheProgramSeesWhatWasSet(t *testing.T) {
	needsBPF(t)
	o := openTest(t, "variables", Options{})
	l, err := o.Clone().Load(LoadOptions{})
	do(t, err)
	defer l.Close()
	if got := run(t, l, "use"); got != 5-2+3+3+9 {
		t.Errorf("returned %d as compiled", got)
	}
	do(t, errors.Join(o.Variable("threshold").Set(uint32(50)), o.Variable("on").Set(true), o.Variable("grid").Set([2][2]int{{}, {0, 100}}),
		o.Variable("hidden").Set(1000)))
	set, err := o.Load(LoadOptions{})
	do(t, err)
	defer set.Close()
	if got := run(t, set, "use"); got != 50-2+3+3+1000+1+100 {
		t.Errorf("returned %d as set", got)
	}
	err = o.Variable("threshold").Set(uint32(1))
	if !errors.Is(err, refuse.ErrLoaded) || !errors.Is(err, ClassInvalid) {
		t.Errorf("set after the load: %v", err)
	}
	var threshold uint32
	if err := o.Variable("threshold").Get(&threshold); err != nil || threshold != 50 {
		t.Errorf("after the load it is %d (%v)", threshold, err)
	}
}

// valueType returns what the kernel says of the type of a map's value: its list of variables.
func valueType(t *testing.T, m *ebpf.Map) *btf.Datasec {
	t.Helper()
	h, err := m.Handle()
	if errors.Is(err, ebpf.ErrNotSupported) {
		return nil
	}
	do(t, err)
	defer h.Close()
	spec, err := h.Spec(nil)
	do(t, err)
	info, err := sys.InfoOf(m.FD())
	do(t, err)
	found, err := spec.TypeByID(btf.TypeID(info.BTFValue))
	do(t, err)
	list, _ := found.(*btf.Datasec)
	return list
}

func TestSectionsOfDataGrowAndShrink(t *testing.T) {
	needsBPF(t)
	for name, c := range map[string]struct {
		section  string
		size     uint32
		elements uint32 // of the array that is last; 0 for a map without types
		value    []byte
	}{
		"as it is":       {".data.numbers", 8, 1, []byte{5, 0, 0, 0, 6, 0, 0, 0}},
		"three elements": {".data.numbers", 16, 3, []byte{5, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
		"part of one":    {".data.numbers", 14, 0, []byte{5, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
		"no array":       {".data.alone", 8, 0, []byte{7, 0, 0, 0, 0, 0, 0, 0}},
	} {
		o, err := Open([]string{objectOfSuite("globaldata", "array")}, Options{})
		do(t, err)
		do(t, o.Map(c.section).Change(func(a *Attributes) { a.ValueSize = 64 }))
		do(t, o.Map(c.section).Change(func(a *Attributes) { a.ValueSize = c.size }))
		l, err := o.Load(LoadOptions{})
		do(t, err)
		defer l.Close()
		m := l.Maps[c.section]
		value, err := m.LookupBytes(uint32(0))
		if err != nil || !bytes.Equal(value, c.value) {
			t.Errorf("%s: holds % x (%v), want % x", name, value, err, c.value)
		}
		list := valueType(t, m)
		switch {
		case c.elements == 0 && list != nil:
			t.Errorf("%s: has the type %v", name, list)
		case c.elements == 0:
		case list == nil:
			t.Errorf("%s: has no type", name)
		default:
			last := list.Vars[len(list.Vars)-1]
			array, _ := btf.UnderlyingType(last.Type.(*btf.Var).Type).(*btf.Array)
			if list.Size != c.size || array == nil || array.Nelems != c.elements || last.Size != 4*c.elements {
				t.Errorf("%s: %d bytes that end in %v of %d", name, list.Size, array, last.Size)
			}
		}
		if len(l.TypesRefused) != 0 {
			t.Errorf("%s: %v", name, l.TypesRefused)
		}
	}
}

func TestSectionsAreNotCutBehindTheBackOfVariables(t *testing.T) {
	o, err := Open([]string{objectOfSuite("globaldata", "array")}, Options{})
	do(t, err)
	for _, size := range []uint32{0, 1 << 31} {
		if err := o.Map(".data.alone").Change(func(a *Attributes) { a.ValueSize = size }); err == nil {
			t.Errorf("%d bytes are taken", size)
		}
	}
	do(t, o.Map(".data.numbers").Change(func(a *Attributes) { a.ValueSize = 6 }))
	if err := o.Variable("numbers").Set([1]uint32{1}); !errors.Is(err, ClassInvalid) {
		t.Errorf("set what was cut: %v", err)
	}
	var got uint32
	if err := o.Variable("before").Get(&got); err != nil || got != 5 {
		t.Errorf("what was not cut: %d, %v", got, err)
	}
	all, err := o.Variables()
	do(t, err)
	for _, v := range all {
		if (v.Value == nil) != (v.Name == "numbers") {
			t.Errorf("%s holds % x", v.Name, v.Value)
		}
	}
}

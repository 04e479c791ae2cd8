// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// vendorMaps reads the definitions of testdata/handled as a caller would who knows them, and does
// more with a draft if there is more to do.
func vendorMaps(section string, more func(d *Draft) error) MapHandler {
	return MapHandler{Section: section, Define: func(d *Draft) error {
		var n [8]uint32
		for i := range n {
			if len(d.Raw) < 4*(i+1) {
				return ErrHandBack
			}
			n[i] = d.ByteOrder().Uint32(d.Raw[4*i:])
		}
		if n[0] != 0x766e6472 {
			return ErrHandBack
		}
		d.Type, d.KeySize, d.ValueSize, d.MaxEntries, d.Flags = ebpf.MapType(n[2]), n[3], n[4], n[5], n[6]
		if d.Flags&mapdef.FlagNumaNode != 0 {
			d.SetNumaNode(n[7])
		}
		if more != nil {
			return more(d)
		}
		return nil
	}}
}

func handled(section string, more func(d *Draft) error) Options {
	return Options{MapHandlers: []MapHandler{vendorMaps(section, more)}}
}

var compareDefinitions = cmp.Options{cmpopts.EquateEmpty()}

func TestAHandlerReadsTheDefinitionsOfASection(t *testing.T) {
	for _, order := range orders {
		for _, section := range []string{"vendor_maps", ""} {
			o, err := Open([]string{objectPath("handled/maps", order)}, handled(section, nil))
			do(t, err)
			var got []Definition
			for _, m := range o.Maps() {
				d := m.Definition()
				if s := typeTextOf(t, o, d.BTFType); s != `Struct:"vendor_map"[fields=8 fieldNames=[magic action type key_size value_size ...]]` {
					t.Errorf("%s: type %s", d.Name, s)
				}
				d.BTFType, d.Raw = 0, nil
				got = append(got, d)
			}
			if diff := cmp.Diff([]Definition{
				{Name: "first", Section: "vendor_maps", Source: "handler", Attributes: Attributes{
					Type: ebpf.Hash, KeySize: 4, ValueSize: 8, MaxEntries: 16, Flags: mapdef.FlagNoPrealloc,
				}},
				{Name: "second", Section: "vendor_maps", Offset: 64, Source: "handler", Attributes: Attributes{
					Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 2, Flags: mapdef.FlagNumaNode,
				}},
			}, got, compareDefinitions); diff != "" {
				t.Errorf("%s, handler of %q: (-want +got)\n%s", order, section, diff)
			}
		}
	}
}

func TestMapsOfAHandlerAreMadeAndUsed(t *testing.T) {
	l := load(t, "handled/maps", handled("vendor_maps", nil), nil)
	if diff := cmp.Diff(map[string]kernelMap{
		"first":  {Name: "first", Type: ebpf.Hash, Key: 4, Value: 8, Entries: 16, Flags: mapdef.FlagNoPrealloc},
		"second": {Name: "second", Type: ebpf.Array, Key: 4, Value: 4, Entries: 2, Flags: mapdef.FlagNumaNode},
	}, kernelMaps(t, l)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := run(t, l, "use"); got != 1 {
		t.Errorf("the program returned %d", got)
	}
	var big uint64
	if err := l.Maps["first"].Lookup(uint32(1), &big); err != nil || big != 5 {
		t.Errorf("the program put %d in the first map (%v)", big, err)
	}
}

// errVendor stands for a handler's own error.
var errVendor = errors.New("the vendor does not like it")

func TestOpenRefusesWhatHandlersDo(t *testing.T) {
	define := func(f func(d *Draft) error) []MapHandler { return []MapHandler{{Section: "vendor_maps", Define: f}} }
	for _, c := range []struct {
		name     string
		object   string
		handlers []MapHandler
		want     error
		error    Error
	}{
		{"without a handler", "maps", nil, refuse.ErrMapKind, Error{Stage: refuse.StageDefine, Class: ClassMapKind, Section: "vendor_maps", Symbol: "first"}},
		{"handed back", "maps", define(func(*Draft) error { return ErrHandBack }), refuse.ErrMapKind,
			Error{Stage: refuse.StageDefine, Class: ClassMapKind, Section: "vendor_maps", Symbol: "first"}},
		{"handed back by the fallback", "maps", []MapHandler{{Define: func(*Draft) error { return ErrHandBack }}}, refuse.ErrMapKind,
			Error{Stage: refuse.StageDefine, Class: ClassMapKind, Section: "vendor_maps", Symbol: "first"}},
		{"error of its own", "maps", define(func(*Draft) error { return errVendor }), errVendor,
			Error{Stage: refuse.StageDefine, Section: "vendor_maps", Symbol: "first"}},
		{"error with a class", "maps", define(func(*Draft) error { return fmt.Errorf("magic: %w", refuse.ErrDefinition) }), refuse.ErrDefinition,
			Error{Stage: refuse.StageDefine, Class: ClassDefinition, Section: "vendor_maps", Symbol: "first"}},
		{"nothing filled in", "maps", define(func(*Draft) error { return nil }), refuse.ErrTypeMissing,
			Error{Stage: refuse.StageDefine, Class: ClassDefinition, Section: "vendor_maps", Symbol: "first"}},
		{"slots of a map that holds none", "maps", define(func(d *Draft) error {
			d.Type, d.Slots = ebpf.Array, []Slot{{Name: "use"}}
			return nil
		}), refuse.ErrSlot, Error{Stage: refuse.StageResolve, Class: ClassDefinition, Section: "vendor_maps", Symbol: "first"}},
		{"two slots at once", "maps", define(func(d *Draft) error {
			d.Type, d.Slots = ebpf.ProgramArray, []Slot{{Index: 1, Name: "use"}, {Name: "use"}, {Index: 1, Name: "use"}}
			return nil
		}), refuse.ErrSlot, Error{Stage: refuse.StageResolve, Class: ClassDefinition, Section: "vendor_maps", Symbol: "first"}},
		{"slot that is out of range", "maps", define(func(d *Draft) error {
			d.Type, d.MaxEntries, d.Slots = ebpf.ProgramArray, 2, []Slot{{Index: 2, Name: "use"}}
			return nil
		}), refuse.ErrSlot, Error{Stage: refuse.StageResolve, Class: ClassDefinition, Section: "vendor_maps", Symbol: "first"}},
		{"too many maps in a map", "maps", define(func(d *Draft) error {
			d.Type, d.MaxEntries = ebpf.Array, 1
			if d.Name == "second" {
				d.Type, d.Slots = ebpf.HashOfMaps, []Slot{{Index: 8, Name: "first"}, {Index: 9, Name: "first"}}
			}
			return nil
		}), refuse.ErrSlot, Error{Stage: refuse.StageResolve, Class: ClassDefinition, Section: "vendor_maps", Symbol: "second"}},
		{"map that holds itself", "maps", define(func(d *Draft) error {
			d.Type, d.Slots = ebpf.ArrayOfMaps, []Slot{{Name: "first"}}
			return nil
		}), refuse.ErrInner, Error{Stage: refuse.StageResolve, Class: ClassDefinition, Section: "vendor_maps", Symbol: "first"}},
		{"maps that hold each other", "maps", define(func(d *Draft) error {
			d.Type, d.Slots = ebpf.ArrayOfMaps, []Slot{{Name: map[string]string{"first": "second", "second": "first"}[d.Name]}}
			return nil
		}), refuse.ErrInner, Error{Stage: refuse.StageResolve, Class: ClassDefinition, Section: "vendor_maps", Symbol: "first"}},
		{"field that it does not know either", "other_field", []MapHandler{{Define: vendorFields}}, refuse.ErrUnknownField,
			Error{Stage: refuse.StageDefine, Class: ClassField, Section: ".maps", Symbol: "m"}},
		{"fields handed back", "fields", []MapHandler{{Define: func(*Draft) error { return ErrHandBack }}}, refuse.ErrUnknownField,
			Error{Stage: refuse.StageDefine, Class: ClassField, Section: ".maps", Symbol: "sized"}},
		{"error about fields", "fields", []MapHandler{{Define: func(*Draft) error { return errVendor }}}, errVendor,
			Error{Stage: refuse.StageDefine, Section: ".maps", Symbol: "sized"}},
		{"inner map pinned", "fields", []MapHandler{{Define: func(d *Draft) error {
			if d.Name == "outer.inner" {
				d.PinPath = "/sys/fs/bpf/inner"
			}
			return vendorFields(d)
		}}}, refuse.ErrInner, Error{Stage: refuse.StageDefine, Class: ClassDefinition, Section: ".maps", Symbol: "outer"}},
		{"no function", "maps", []MapHandler{{Section: "vendor_maps"}}, refuse.ErrHandler, Error{Stage: refuse.StageOpen, Class: ClassInvalid}},
		{"two for a section", "maps", []MapHandler{vendorMaps("vendor_maps", nil), vendorMaps("vendor_maps", nil)}, refuse.ErrHandler,
			Error{Stage: refuse.StageOpen, Class: ClassInvalid}},
		{"one for global data", "maps", []MapHandler{vendorMaps(".rodata.vendor", nil)}, refuse.ErrHandler, Error{Stage: refuse.StageOpen, Class: ClassInvalid}},
	} {
		_, err := Open([]string{objectPath("handled/"+c.object, native())}, Options{MapHandlers: c.handlers})
		c.error.Object = c.object
		compareRefusal(t, c.name, err, &c.error, c.want)
	}
}

// vendorFields makes sense of vendor_entries and vendor_node.
func vendorFields(d *Draft) error {
	for _, f := range d.Unknown {
		n, err := d.Number(f)
		switch {
		case f.Name == "vendor_other":
			var e *Error
			if !errors.Is(err, refuse.ErrNotPointer) || !errors.Is(err, ClassDefinition) || !errors.As(err, &e) {
				return fmt.Errorf("%s is number %d (%v): %w", f.Name, n, err, refuse.ErrDefinition)
			}
			continue
		case err != nil:
			return err
		case f.Name == "vendor_entries":
			d.MaxEntries = n
		default:
			d.SetNumaNode(n)
		}
	}
	d.Unknown = slices.DeleteFunc(d.Unknown, func(f Field) bool { return f.Name != "vendor_other" })
	return nil
}

func TestAHandlerMakesSenseOfUnknownFields(t *testing.T) {
	l := load(t, "handled/fields", Options{MapHandlers: []MapHandler{{Define: vendorFields}}}, nil)
	maps := kernelMaps(t, l)
	if m := maps["sized"]; m.Entries != 3 || m.Flags != mapdef.FlagNumaNode {
		t.Errorf("sized is %+v", m)
	}
	if got := run(t, l, "use"); got != 2 {
		t.Errorf("the program returned %d", got)
	}
}

func TestFieldsThatAHandlerDoesNotKnowAreReported(t *testing.T) {
	o := openTest(t, "handled/other_field", Options{IgnoreUnknownFields: true, MapHandlers: []MapHandler{{Define: vendorFields}}})
	d := o.Map("m").Definition()
	if d.MaxEntries != 3 || len(d.Unknown) != 1 || d.Unknown[0].Name != "vendor_other" || !bytes.Equal(d.Unknown[0].Raw, native32(9)) {
		t.Errorf("definition %+v", d)
	}
}

// TestAHandlerComesBeforeTheParsers has a handler take some definitions of sections that the
// package reads itself, and hand others back.
func TestAHandlerComesBeforeTheParsers(t *testing.T) {
	odd := MapHandler{Section: ".maps", Define: func(d *Draft) error {
		if d.Name != "odd" {
			return fmt.Errorf("not mine: %w", ErrHandBack)
		}
		d.Type, d.KeySize, d.ValueSize, d.MaxEntries = ebpf.Array, 4, 4, d.ByteOrder().Uint32(d.Raw[4:])
		return nil
	}}
	l := load(t, "handled/known", Options{MapHandlers: []MapHandler{odd, vendorMaps("maps", nil)}}, nil)
	maps := kernelMaps(t, l)
	for name, entries := range map[string]int{"one": 1, "two": 1, "outer": 2, "odd": 6, "plain": 5, "strange": 16} {
		if maps[name].Entries != entries {
			t.Errorf("%s is %+v", name, maps[name])
		}
	}
	for key, inner := range []string{"one", "two"} {
		var id uint32
		do(t, l.Maps["outer"].Lookup(uint32(key), &id))
		if want, err := mapID(l, inner); err != nil || id != want {
			t.Errorf("outer holds map %d at %d, want %d (%v)", id, key, want, err)
		}
	}
	if got := run(t, l, "use"); got != 1 {
		t.Errorf("the program returned %d", got)
	}
}

// TestWhatAHandlerHandsBackIsReadAsWithout holds objects of all kinds to being the same with a
// handler that takes nothing.
func TestWhatAHandlerHandsBackIsReadAsWithout(t *testing.T) {
	asked := 0
	back := func(section string) MapHandler {
		return MapHandler{Section: section, Define: func(d *Draft) error {
			asked++
			d.Definition = Definition{Attributes: Attributes{Type: ebpf.Stack}, Unknown: []Field{{Name: "colour"}}} // and none of it counts
			return ErrHandBack
		}}
	}
	for _, name := range sources(t, "") {
		plain := openTest(t, name, Options{})
		with := openTest(t, name, Options{MapHandlers: []MapHandler{back(".maps"), back("maps"), back("")}})
		if diff := cmp.Diff(describeObject(plain), describeObject(with)); diff != "" {
			t.Errorf("%s: (-without +with)\n%s", name, diff)
		}
	}
	if asked == 0 {
		t.Error("the handlers were not asked")
	}
}

func TestAHandlerChangesNeitherNamesNorPlaces(t *testing.T) {
	o := openTest(t, "handled/one", handled("vendor_maps", func(d *Draft) error {
		d.Name, d.Section, d.Offset, d.Source, d.Raw = "other", "maps", 99, "data", nil
		return nil
	}))
	d := o.Map("kept").Definition()
	if d.Section != "vendor_maps" || d.Offset != 0 || d.Source != "handler" || len(d.Raw) != 32 {
		t.Errorf("definition %+v", d)
	}
}

func TestASuppliedMapIsUsed(t *testing.T) {
	needsBPF(t)
	mine, err := ebpf.NewMap(&ebpf.MapSpec{Name: "mine", Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 3})
	do(t, err)
	defer mine.Close()
	do(t, mine.Put(uint32(2), uint32(40)))
	l := load(t, "handled/one", handled("vendor_maps", func(d *Draft) error {
		d.Supply = func() (*ebpf.Map, error) { return mine, nil }
		return nil
	}), nil)
	if got := run(t, l, "use"); got != 41 {
		t.Errorf("the program returned %d", got)
	}
	id, err := mapID(l, "kept")
	do(t, err)
	if want, err := sys.IDOf(mine.FD()); err != nil || id != want {
		t.Errorf("map %d is used, want %d (%v)", id, want, err)
	}
	if l.Maps["kept"].FD() == mine.FD() {
		t.Error("the loader has no descriptor of its own")
	}
}

func TestSuppliesThatFail(t *testing.T) {
	needsBPF(t)
	other, err := ebpf.NewMap(&ebpf.MapSpec{Name: "other", Type: ebpf.Hash, KeySize: 4, ValueSize: 4, MaxEntries: 3})
	do(t, err)
	defer other.Close()
	for _, c := range []struct {
		name   string
		supply func() (*ebpf.Map, error)
		want   error
		stage  Stage
	}{
		{"error", func() (*ebpf.Map, error) { return nil, errVendor }, errVendor, refuse.StageCreate},
		{"no map", func() (*ebpf.Map, error) { return nil, nil }, refuse.ErrHandler, refuse.StageCreate},
		{"nothing pinned", func() (*ebpf.Map, error) { return OpenPin("/sys/fs/bpf/loadstone-none") }, unix.ENOENT, refuse.StagePin},
		{"map that is another", func() (*ebpf.Map, error) { return other, nil }, refuse.ErrIncompatiblePin, refuse.StagePin},
	} {
		o := openTest(t, "handled/one", handled("vendor_maps", func(d *Draft) error {
			d.Supply = c.supply
			return nil
		}))
		if e := checkLoadFails(t, c.name, o, c.want); e.Stage != c.stage || e.Symbol != "kept" {
			t.Errorf("%s: error %v", c.name, e)
		}
	}
}

func TestASuppliedMapOfNoTypeIsNotCompared(t *testing.T) {
	needsBPF(t)
	mine, err := ebpf.NewMap(&ebpf.MapSpec{Name: "mine", Type: ebpf.Hash, KeySize: 4, ValueSize: 4, MaxEntries: 77})
	do(t, err)
	defer mine.Close()
	l := load(t, "handled/one", Options{MapHandlers: []MapHandler{{Section: "vendor_maps", Define: func(d *Draft) error {
		d.Supply = func() (*ebpf.Map, error) { return mine, nil }
		return nil
	}}}}, nil)
	if m := kernelMaps(t, l)["kept"]; m.Entries != 77 {
		t.Errorf("map %+v", m)
	}
}

func TestAHandlerPinsMaps(t *testing.T) {
	onBPFFS(t, func(root string) {
		for _, c := range []struct {
			name string
			opts Options
			more func(d *Draft) error
		}{
			{"kept", Options{PinRoot: root}, func(d *Draft) error {
				d.PinByName = true
				return nil
			}},
			{"elsewhere", Options{}, func(d *Draft) error {
				d.PinPath = filepath.Join(root, "elsewhere")
				return nil
			}},
		} {
			c.opts.MapHandlers = []MapHandler{vendorMaps("vendor_maps", c.more)}
			var ids []uint32
			for range 2 {
				l, err := openTest(t, "handled/one", c.opts).Load(LoadOptions{})
				if err != nil {
					t.Error(err)
					return
				}
				defer l.Close()
				id, err := mapID(l, "kept")
				if err != nil {
					t.Error(err)
				}
				ids = append(ids, id)
			}
			if ids[0] != ids[1] || !slices.Contains(entries(t, root), c.name) {
				t.Errorf("%s: ids %v, pins %v", c.name, ids, entries(t, root))
			}
		}
	})
}

// checkHandled opens bytes of any kind with handlers for everything, that take what they can.
func checkHandled(t testing.TB, data []byte) {
	t.Helper()
	odd := MapHandler{Section: ".maps", Define: func(d *Draft) error {
		if d.Name != "odd" || len(d.Raw) < 8 {
			return ErrHandBack
		}
		d.Type, d.MaxEntries = ebpf.Array, d.ByteOrder().Uint32(d.Raw[4:])
		return nil
	}}
	setup := func(p *Program) error { return p.SetKind(ProgramKind{Type: ebpf.XDP}) }
	o, err := OpenBytes(data, Options{
		Name: "damaged", MapHandlers: []MapHandler{odd, vendorMaps("maps", nil), vendorMaps("vendor_maps", nil), {Define: vendorFields}},
		ProgramHandlers: []ProgramHandler{{Section: "vendor/", Setup: setup}, {Section: "", Setup: setup}},
	})
	if err == nil {
		checkForKernel(t, o)
		return
	}
	if typed := (*Error)(nil); !errors.As(err, &typed) || typed.Class == "" || typed.Object != "damaged" {
		t.Fatalf("error %#v is not typed: %v", err, err)
	}
}

func TestHandledObjectsWithOneByteChanged(t *testing.T) {
	for _, name := range sources(t, "handled") {
		data := readTest(t, name, native())
		for i := range data {
			for _, b := range []byte{0xff, 1} {
				data[i] ^= b
				checkHandled(t, data)
				data[i] ^= b
			}
		}
	}
}

// FuzzOpenHandled fuzzes objects that handlers are asked about.
func FuzzOpenHandled(f *testing.F) {
	for _, name := range sources(f, "handled") {
		for _, order := range orders {
			f.Add(readTest(f, name, order))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkHandled(t, data) })
}

// SPDX-License-Identifier: Apache-2.0

package loaderimpl_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

func ExampleOpen() {
	object, err := loaderimpl.Open([]string{"testdata/legacy.bpfel.o"}, loaderimpl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range object.Maps() {
		d := m.Definition()
		fmt.Printf("%s: %v of %d, by %s\n", d.Name, d.Type, d.MaxEntries, d.Source)
	}
	for _, p := range object.Programs() {
		fmt.Printf("%s: %v\n", p.Name(), p.Kind().Type)
	}
	// Output:
	// plain: Array of 2, by legacy
	// without_flags: Hash of 7, by legacy
	// longer: Hash of 9, by legacy
	// annotated: Hash of 5, by legacy
	// use: SchedCLS
}

func ExampleError() {
	_, err := loaderimpl.Open([]string{"testdata/refused/unknown_field.bpfel.o"}, loaderimpl.Options{})
	var refusal *loaderimpl.Error
	if errors.As(err, &refusal) {
		fmt.Println(refusal.Stage, refusal.Class, refusal.Section, refusal.Symbol)
	}
	fmt.Println(errors.Is(err, loaderimpl.ClassField), errors.Is(err, loaderimpl.ClassNotSupported))
	fmt.Println(err)
	// Output:
	// define not-supported/map-field .maps m
	// true true
	// define unknown_field .maps m: field colour: unknown field in a map definition: remove it, or ignore unknown fields
}

// A caller who knows more about a map definition than this package finds its type in the object's
// types.
func ExampleObject_Types() {
	object, err := loaderimpl.Open([]string{"testdata/refused/unknown_field.bpfel.o"}, loaderimpl.Options{IgnoreUnknownFields: true})
	if err != nil {
		log.Fatal(err)
	}
	types, err := object.Types()
	if err != nil {
		log.Fatal(err)
	}
	for _, field := range object.Map("m").Definition().Unknown {
		typ, err := types.TypeByID(field.Type)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(field.Name, typ)
	}
	// Output:
	// colour Pointer[target=Array]
	// plain Typedef:"__u32"[Int:"unsigned int"]
}

// A caller who knows a way of defining maps that this package does not reads the definitions in a
// handler.
func ExampleMapHandler() {
	vendor := loaderimpl.MapHandler{Section: "vendor_maps", Define: func(d *loaderimpl.Draft) error {
		if len(d.Raw) < 32 || d.ByteOrder().Uint32(d.Raw) != 0x766e6472 {
			return loaderimpl.ErrHandBack
		}
		word := func(i int) uint32 { return d.ByteOrder().Uint32(d.Raw[4*i:]) }
		d.Type, d.KeySize, d.ValueSize, d.MaxEntries = ebpf.MapType(word(2)), word(3), word(4), word(5)
		d.PinByName = true
		return nil
	}}
	object, err := loaderimpl.Open([]string{"testdata/handled/maps.bpfel.o"}, loaderimpl.Options{
		PinRoot:     "/sys/fs/bpf/vendor",
		MapHandlers: []loaderimpl.MapHandler{vendor},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range object.Maps() {
		d := m.Definition()
		fmt.Printf("%s: %v of %d, by %s, at %s\n", d.Name, d.Type, d.MaxEntries, d.Source, d.PinPath)
	}
	// Output:
	// first: Hash of 16, by handler, at /sys/fs/bpf/vendor/first
	// second: Array of 2, by handler, at /sys/fs/bpf/vendor/second
}

// A caller with sections of programs of its own says what they are.
func ExampleProgramHandler() {
	vendor := loaderimpl.ProgramHandler{Section: "vendor/", Setup: func(p *loaderimpl.Program) error {
		kind, _ := loaderimpl.KindOf("xdp")
		return p.SetKind(kind)
	}}
	object, err := loaderimpl.Open([]string{"testdata/handled/programs.bpfel.o"}, loaderimpl.Options{
		ProgramHandlers: []loaderimpl.ProgramHandler{vendor},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range object.Programs() {
		fmt.Printf("%s: %v, loaded by default: %v\n", p.Section(), p.Kind().Type, p.Autoload())
	}
	// Output:
	// vendor/3: XDP, loaded by default: true
	// vendor: UnspecifiedProgram, loaded by default: true
	// vendor/skip: XDP, loaded by default: true
	// ?vendor/off: XDP, loaded by default: false
	// nobody/knows: UnspecifiedProgram, loaded by default: true
	// xdp: XDP, loaded by default: true
}

// Variables of global data get their values before the load.
func ExampleVariable_Set() {
	object, err := loaderimpl.Open([]string{"testdata/variables.bpfel.o"}, loaderimpl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	if err := object.Variable("threshold").Set(uint32(7)); err != nil {
		log.Fatal(err)
	}
	var threshold uint32
	if err := object.Variable("threshold").Get(&threshold); err != nil {
		log.Fatal(err)
	}
	fmt.Println(threshold)
	err = object.Variable("threshold").Set(int64(7))
	fmt.Println(errors.Is(err, loaderimpl.ClassInvalid), err)
	err = object.Variable("treshold").Set(uint32(7))
	fmt.Println(errors.Is(err, loaderimpl.ClassNotFound))
	// Output:
	// 7
	// true open variables threshold: int64 for unsigned int: value does not fit
	// true
}

// An object that was opened once is loaded as often as needed, each time from a clone with settings
// of its own.
func ExampleObject_Clone() {
	object, err := loaderimpl.Open([]string{"testdata/btf.bpfel.o"}, loaderimpl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, entries := range []uint32{8, 64} {
		clone := object.Clone()
		if err := clone.Map("typed").Change(func(a *loaderimpl.Attributes) { a.MaxEntries = entries }); err != nil {
			log.Fatal(err)
		}
		loaded, err := clone.Load(loaderimpl.LoadOptions{})
		if err != nil {
			log.Fatal(err)
		}
		typed, err := loaded.Map("typed")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(typed.MaxEntries())
		if err := loaded.Close(); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(object.Map("typed").Definition().MaxEntries)
	// Output:
	// 8
	// 64
	// 16
}

// A name that is misspelt is an error that names what there is.
func ExampleLoaded_Map() {
	object, err := loaderimpl.Open([]string{"testdata/mixed.bpfel.o"}, loaderimpl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	loaded, err := object.Load(loaderimpl.LoadOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer loaded.Close()
	_, err = loaded.Map("c")
	fmt.Println(errors.Is(err, loaderimpl.ClassNotFound))
	fmt.Println(err)
	// Output:
	// true
	// load mixed c: maps are a, b: the object has none of that name: check the name
}

// Who reuses a pinned map learns all that differs.
func ExampleMapDiffersError() {
	var err error = &loaderimpl.Error{Stage: "pin", Class: loaderimpl.ClassPin, Object: "counter", Symbol: "counts",
		Err: &loaderimpl.MapDiffersError{Path: "/sys/fs/bpf/counts", Differences: []loaderimpl.Difference{
			{Attribute: "max_entries", Pinned: 4, Defined: 8},
		}}}
	var differs *loaderimpl.MapDiffersError
	if errors.As(err, &differs) {
		for _, d := range differs.Differences {
			fmt.Printf("%s is %d, and should be %d\n", d.Attribute, d.Pinned, d.Defined)
		}
	}
	// Output:
	// max_entries is 4, and should be 8
}

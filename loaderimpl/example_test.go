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

// A caller who knows more about a map definition than this package finds its type in the object's types.
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

// A caller who knows a way of defining maps that this package does not reads the definitions in a handler.
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

// SPDX-License-Identifier: Apache-2.0

package loaderimpl_test

import (
	"errors"
	"fmt"
	"log"

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
	fmt.Println(errors.Is(err, loaderimpl.ErrUnknownField))
	fmt.Println(err)
	// Output:
	// define not-supported/map-field .maps m
	// true
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

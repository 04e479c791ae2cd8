// SPDX-License-Identifier: Apache-2.0

package check

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/loadstone-bpf/loadstone/objects"
)

// The schema of settings takes what is taken for an object with the variables of
// objects/globaldata/settable.bpf.c.
func TestSchemaOfSettings(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../docs/check-settings.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	valid := func(text string) error {
		var value any
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			return err
		}
		asJSON, err := json.Marshal(value)
		if err != nil {
			return err
		}
		value, err = jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
		if err != nil {
			return err
		}
		return schema.Validate(value)
	}
	taken := func(text string) error {
		s, err := settings(t, text)
		if err != nil {
			return err
		}
		of := &Object{Label: "x", ELF: objects.GlobalData.Settable.ELF()}
		of.Needs = read(of.ELF)
		return s.For(of).Check(of)
	}
	for text, want := range map[string]bool{
		"objects: [{match: x}]": true,
		"objects: [{match: x, maps: {.rodata: {value_size: 64, autocreate: true}}}]": true,
		"objects: [{match: x, programs: {use: {autoload: false, type: xdp}}}]":       true,
		"objects: [{match: x, loads: {kernel: '>=5.8', loader: 'lib*'}}]":            true,
		"objects: [{match: x, loads: {kernel: any}}]":                                true,
		"objects: [{match: x, attaches: {kernel: '>=5.8'}}]":                         true,
		"objects: [{match: x, variables: {constant: 1}}]":                            true,
		"objects: [{match: x, variables: {constant: true}}]":                         true,
		"objects: [{match: x, variables: {constant_text: eth0}}]":                    true,
		"objects: [{match: x, variables: {constant_text: [1, 2]}}]":                  true,
		"objects: [{match: x, variables: {constant: {bytes: '01020304'}}}]":          true,

		"objects: []":                       false,
		"{}":                                false,
		"objects: [{match: x}]\nmore: 1":    false,
		"objects: [{match: x, moon: full}]": false,
		"objects: [{maps: {}}]":             false,
		"objects: [{match: ''}]":            false,
		"objects: [{match: x, maps: {.rodata: {max_entries: -1}}}]":              false,
		"objects: [{match: x, maps: {.rodata: {max_entries: 4294967296}}}]":      false,
		"objects: [{match: x, maps: {.rodata: {size: 1}}}]":                      false,
		"objects: [{match: x, programs: {use: {autoload: 3}}}]":                  false,
		"objects: [{match: x, loads: {kernel: soon}}]":                           false,
		"objects: [{match: x, attaches: {loader: libbpf}}]":                      false,
		"objects: [{match: x, loads: {loader: libbpf}}]":                         false,
		"objects: [{match: x, variables: {constant: 1.5}}]":                      false,
		"objects: [{match: x, variables: {constant: }}]":                         false,
		"objects: [{match: x, variables: {constant: {bytes: '0102030'}}}]":       false,
		"objects: [{match: x, variables: {constant: {bytes: '', more: 1}}}]":     false,
		"objects: [{match: x, variables: {constant_text: [1, 1.5]}}]":            false,
		"objects: [{match: x, variables: [constant]}]":                           false,
		"objects: [{match: x, variables: {constant: {hexadecimal: '0102030'}}}]": false,
	} {
		if (valid(text) == nil) != want || (taken(text) == nil) != want {
			t.Errorf("%s: schema %v, reader %v, want good: %v", text, valid(text), taken(text), want)
		}
	}
}

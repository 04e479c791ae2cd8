// SPDX-License-Identifier: Apache-2.0

package check

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"
	"go.yaml.in/yaml/v3"

	"github.com/loadstone-bpf/loadstone/objects"
)

// The variables are those of objects/globaldata/settable.bpf.c.
func TestSettingsChangeVariables(t *testing.T) {
	for _, tt := range []struct{ variable, value, want string }{
		{"constant", "16", "10000000"},
		{"constant", "0xfffffffe", "feffffff"},
		{"constant", "true", "01000000"},
		{"constant", "false", "00000000"},
		{"constant", "{bytes: 0a0B0c0d}", "0a0b0c0d"},
		{"constant_long", "18446744073709551615", "ffffffffffffffff"},
		{"constant_text", "eth0", "6574683000000000"},
		{"constant_text", "'7'", "3700000000000000"},
		{"constant_text", "''", "0000000000000000"},
		{"constant_text", "[1, 0xff, -1]", "01ffff0000000000"},
		{"initialised_short", "258", "0201"},
		{"zero_byte", "255", "ff"},
		{"other_constant", "3", "03000000"},

		{"constant", "4294967296", "4294967296 is not in 0 to 4294967295"},
		{"constant", "-1", "-1 is not in 0 to 4294967295"},
		{"constant", "ten", "no whole number"},
		{"constant", "1.5", "no whole number"},
		{"constant", "'1'", "no whole number"},
		{"constant", "", "no whole number"},
		{"constant", "[1]", "want one whole number"},
		{"constant", "{bytes: 0a}", "1 bytes are given and the variable has 4"},
		{"constant", "{bytes: 0a0b0c0g}", "bytes: encoding/hex"},
		{"constant", "{byte: 0a0b0c0d}", "field byte not found in value"},
		{"constant_text", "eighteen", "wants one more behind it, of 8"},
		{"constant_text", "[1, 2, 3, 4, 5, 6, 7, 8, 9]", "9 elements are given and the array has 8"},
		{"constant_text", "[1, 128]", "element 1: 128 is not in -128 to 127"},
		{"constant_text", "12", "want the elements of an array"},
		{"nothing", "1", `has no variable "nothing"; it has constant, constant_long`},
	} {
		of := &Object{Label: "x", ELF: objects.GlobalData.Settable.ELF()}
		of.Needs = read(of.ELF)
		s, err := settings(t, fmt.Sprintf("objects:\n  - match: x\n    variables: {%s: %s}\n", tt.variable, tt.value))
		if err != nil {
			t.Errorf("%s: %s: %v", tt.variable, tt.value, err)
			continue
		}
		setting := s.For(of)
		if err := setting.Check(of); err != nil {
			if !errors.Is(err, ErrSettings) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %s: %v, want %s", tt.variable, tt.value, err, tt.want)
			}
			continue
		}
		got, err := setting.Changes(of)
		want := fmt.Sprintf(`{"target":"variable","name":%q,"attribute":"initial_value","value":%q}`, tt.variable, tt.want)
		if _, isError := hex.DecodeString(tt.want); isError != nil || err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%s: %s: %q, %v; want %s", tt.variable, tt.value, got, err, want)
		}
	}
}

// What objects of the project do not have: other types.
func TestValuesOfTypes(t *testing.T) {
	signed, boolean := &btf.Int{Size: 4, Encoding: btf.Signed}, &btf.Int{Size: 1, Encoding: btf.Bool}
	mode := &btf.Typedef{Type: &btf.Enum{Size: 4, Signed: true, Values: []btf.EnumValue{{Name: "OFF"}, {Name: "AUTO", Value: math.MaxUint64}}}}
	for _, tt := range []struct {
		of          btf.Type
		value, want string
	}{
		{signed, "-1", "ffffffff"},
		{signed, "2147483647", "ffffff7f"},
		{signed, "-2147483648", "00000080"},
		{signed, "0xffffffff", "ffffffff"},
		{signed, "3000000000", "3000000000 is not in -2147483648 to 2147483647"},
		{signed, "-0x80000001", "is not in -2147483648"},
		{signed, "0x100000000", "is not in -2147483648 to 4294967295"},
		{boolean, "true", "01"},
		{boolean, "1", "01"},
		{boolean, "2", "2 is not in 0 to 1"},
		{boolean, "-1", "-1 is not in 0 to 1"},
		{mode, "AUTO", "ffffffff"},
		{mode, "OFF", "00000000"},
		{mode, "7", "07000000"},
		{mode, "ON", `"ON" is no whole number`},
		{&btf.Int{Size: 16, Encoding: btf.Unsigned}, "1", "01000000000000000000000000000000"},
		{&btf.Struct{Size: 4}, "1", "it is no number, enum or array"},
	} {
		var node yaml.Node
		if err := yaml.Unmarshal([]byte(tt.value), &node); err != nil {
			t.Fatal(err)
		}
		got, err := encode(node.Content[0], tt.of, binary.LittleEndian)
		if err != nil && !strings.Contains(err.Error(), tt.want) || err == nil && hex.EncodeToString(got) != tt.want {
			t.Errorf("%s as %v: %x, %v; want %s", tt.value, tt.of, got, err, tt.want)
		}
		if big, err := encode(node.Content[0], tt.of, binary.BigEndian); err == nil {
			slices.Reverse(big)
			if !bytes.Equal(big, got) {
				t.Errorf("%s as %v, big endian: %x", tt.value, tt.of, big)
			}
		}
	}
}

// Where not even the names of an object's variables are known, none is set.
func TestVariablesOfWhatCannotBeRead(t *testing.T) {
	of := &Object{Label: "x", ELF: []byte("\x7fELF")}
	of.Needs = read(of.ELF)
	s, err := settings(t, "objects:\n  - match: x\n    variables: {a: 1}\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.For(of).Check(of); !errors.Is(err, ErrSettings) || !strings.Contains(err.Error(), "cannot be read") {
		t.Error(err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package check

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"go.yaml.in/yaml/v3"
)

// A Value holds what a variable of global data is to have from the start, as it is written in a
// file with settings:
//
//	4096, -1, 0x10, true     an integer, an enum or a boolean, of any size
//	NAME                     a named value of an enum
//	eth0                     text, in an array of characters; NUL behind it
//	[1, 2, 3]                elements of an array, from the first on; the rest is zero
//	{bytes: 0a00a8c0}        anything: its bytes in memory, each as two hexadecimal digits
type Value struct{ node yaml.Node }

// UnmarshalYAML keeps a value until it is known for what variable it is.
func (v *Value) UnmarshalYAML(node *yaml.Node) error {
	v.node = *node
	return nil
}

// bytesOf returns the bytes of a variable's value in memory.
func (v *Value) bytesOf(variable *ebpf.VariableSpec, order binary.ByteOrder) ([]byte, error) {
	size := int(variable.Size())
	if v.node.Kind == yaml.MappingNode {
		return v.rawBytes(size)
	}
	var of btf.Type = &btf.Int{Size: uint32(size), Encoding: btf.Unsigned} // where the object has no types
	if variable.Type != nil {
		of = variable.Type.Type
	}
	data, err := encode(&v.node, of, order)
	if err == nil && len(data) != size {
		err = fmt.Errorf("its type has %d bytes and the variable %d: give them as {bytes: …}", len(data), size)
	}
	return data, err
}

func (v *Value) rawBytes(size int) ([]byte, error) {
	type value struct {
		Bytes string `yaml:"bytes"`
	}
	var raw value
	if err := known(&v.node, &raw); err != nil {
		return nil, err
	}
	data, err := hex.DecodeString(raw.Bytes)
	if err != nil {
		return nil, fmt.Errorf("bytes: %w", err)
	}
	if len(data) != size {
		return nil, fmt.Errorf("%d bytes are given and the variable has %d", len(data), size)
	}
	return data, nil
}

// encode returns what a value of a type is in memory.
func encode(node *yaml.Node, of btf.Type, order binary.ByteOrder) ([]byte, error) {
	switch of := btf.UnderlyingType(of).(type) {
	case *btf.Int:
		return encodeInteger(node, of, order)
	case *btf.Enum:
		for _, v := range of.Values {
			if node.Kind == yaml.ScalarNode && node.Value == v.Name {
				return inBytes(new(big.Int).SetUint64(v.Value), int(of.Size), order), nil
			}
		}
		signed := btf.Unsigned
		if of.Signed {
			signed = btf.Signed
		}
		return encodeInteger(node, &btf.Int{Size: of.Size, Encoding: signed}, order)
	case *btf.Array:
		return encodeArray(node, of, order)
	case nil:
		return nil, errors.New("its type is not known: give it as {bytes: …}")
	default:
		return nil, errors.New("it is no number, enum or array: give it as {bytes: …}")
	}
}

// encodeInteger takes what a type can have, and in another base than ten whatever fits into its
// bytes: a mask is written so, whether the type has a sign or not.
func encodeInteger(node *yaml.Node, of *btf.Int, order binary.ByteOrder) ([]byte, error) {
	number, size := new(big.Int), int(of.Size)
	switch _, ok := number.SetString(node.Value, 0); {
	case node.Kind != yaml.ScalarNode:
		return nil, errors.New("want one whole number")
	case node.Tag == "!!bool":
		var on bool
		if err := node.Decode(&on); err != nil {
			return nil, err
		}
		if number.SetInt64(0); on {
			number.SetInt64(1)
		}
	case !ok || node.Tag != "!!int":
		return nil, fmt.Errorf("%q is no whole number", node.Value)
	}
	if size == 0 || size > 16 {
		return nil, fmt.Errorf("it has %d bytes: give them as {bytes: …}", size)
	}
	all := new(big.Int).Lsh(big.NewInt(1), uint(8*size)) // values that there are
	least, most := new(big.Int), new(big.Int).Sub(all, big.NewInt(1))
	_, decimal := new(big.Int).SetString(node.Value, 10)
	switch {
	case of.Encoding == btf.Bool:
		most.SetInt64(1)
	case of.Encoding == btf.Signed && decimal:
		most.Rsh(most, 1)
		fallthrough
	case of.Encoding == btf.Signed:
		least.Neg(new(big.Int).Rsh(all, 1))
	}
	if number.Cmp(least) < 0 || number.Cmp(most) > 0 {
		return nil, fmt.Errorf("%s is not in %v to %v", node.Value, least, most)
	}
	if number.Sign() < 0 {
		number.Add(number, all)
	}
	return inBytes(number, size, order), nil
}

// inBytes returns a number that is not negative as it is in memory, cut to so many bytes.
func inBytes(number *big.Int, size int, order binary.ByteOrder) []byte {
	all := number.Bytes() // big endian
	data := make([]byte, size)
	copy(data[max(size-len(all), 0):], all[max(len(all)-size, 0):])
	if order == binary.ByteOrder(binary.LittleEndian) {
		slices.Reverse(data)
	}
	return data
}

func encodeArray(node *yaml.Node, of *btf.Array, order binary.ByteOrder) ([]byte, error) {
	each, err := btf.Sizeof(of.Type)
	if err != nil {
		return nil, fmt.Errorf("its type: %w", err)
	}
	data := make([]byte, 0, each*int(of.Nelems))
	if node.Kind == yaml.ScalarNode && node.Tag == "!!str" && each == 1 {
		if len(node.Value) >= cap(data) {
			return nil, fmt.Errorf("%q has %d bytes and wants one more behind it, of %d",
				node.Value, len(node.Value), cap(data))
		}
		return append(data, node.Value...)[:cap(data)], nil
	}
	if node.Kind != yaml.SequenceNode {
		return nil, errors.New("want the elements of an array, as [1, 2]")
	}
	if len(node.Content) > int(of.Nelems) {
		return nil, fmt.Errorf("%d elements are given and the array has %d", len(node.Content), of.Nelems)
	}
	for i, element := range node.Content {
		one, err := encode(element, of.Type, order)
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		data = append(data, one...)
	}
	return data[:cap(data)], nil
}

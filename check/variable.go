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
	var of btf.Type = &btf.Int{Size: uint32(size)} // where the object has no types
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
		return encodeInteger(node, int(of.Size), order)
	case *btf.Enum:
		return encodeInteger(node, int(of.Size), order)
	case *btf.Array:
		return encodeArray(node, of, order)
	case nil:
		return nil, fmt.Errorf("its type is not known: give it as {bytes: …}")
	default:
		return nil, fmt.Errorf("it is a %T: give it as {bytes: …}", of)
	}
}

// encodeInteger takes what fits into so many bytes, signed or not: a mask is often written as -1,
// whatever the type.
func encodeInteger(node *yaml.Node, size int, order binary.ByteOrder) ([]byte, error) {
	number := new(big.Int)
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
	half := new(big.Int).Rsh(all, 1)
	if number.Cmp(all) >= 0 || number.Cmp(new(big.Int).Neg(half)) < 0 {
		return nil, fmt.Errorf("%s does not fit into %d bits", node.Value, 8*size)
	}
	if number.Sign() < 0 {
		number.Add(number, all)
	}
	data := number.FillBytes(make([]byte, size)) // big endian
	if order == binary.ByteOrder(binary.LittleEndian) {
		slices.Reverse(data)
	}
	return data, nil
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

// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A Variable stands for a variable of an object's global data, before the object is loaded. The
// object's BTF lists variables by name.
type Variable struct {
	object *Object
	name   string
	global *globalVariable // nil with err
	err    error           // why there is no such variable
}

// A globalVariable says where a variable is.
type globalVariable struct {
	typeinfo.Variable
	in *Map
}

// Variable returns the variable of that name, in .data, .rodata, .bss or what is named after them.
// If the object has no such variable, or several, Set and Get of what is returned say so. A static
// variable of a function has the name that clang gives it, FUNCTION.NAME.
//
//	err := object.Variable("threshold").Set(uint32(7))
func (o *Object) Variable(name string) *Variable {
	v := &Variable{object: o, name: name}
	v.global, v.err = o.findVariable(name)
	return v
}

// A VariableInfo says what an object has of one variable of its global data.
type VariableInfo struct {
	Name     string
	Section  string     // which is the name of the map that it is in
	Type     btf.TypeID // by id in [Object.Types], with its qualifiers
	Value    []byte     // what it holds from the start, in the object's byte order; nil where its section was cut
	ReadOnly bool       // for programs, and for user space once it is loaded
}

// Variables lists the variables of the object's global data, with the changes that were made,
// section by section, each in the order of offsets. An object without BTF has none that could be
// listed.
func (o *Object) Variables() ([]VariableInfo, error) {
	globals, err := o.globalVariables()
	if err != nil {
		return nil, export(o.name, refuse.At(refuse.StageOpen, "", "", err))
	}
	list := make([]VariableInfo, len(globals))
	for i, g := range globals {
		list[i] = VariableInfo{
			Name: g.Name, Section: g.in.def.DataSection(), Type: g.Type, ReadOnly: g.in.def.Frozen(),
		}
		if value, err := g.bytes(g.in.InitialValue()); err == nil {
			list[i].Value = value
		}
	}
	return list, nil
}

// globalVariables lists the variables in all sections of global data.
func (o *Object) globalVariables() ([]*globalVariable, error) {
	if o.types == nil {
		return nil, nil
	}
	var all []*globalVariable
	for _, m := range o.maps {
		if m.def.DataSection() == "" {
			continue
		}
		_, list, err := o.types.Variables(o.file.Named(m.def.DataSection()), nil)
		if err != nil {
			return nil, err
		}
		for _, v := range list {
			all = append(all, &globalVariable{v, m})
		}
	}
	return all, nil
}

// findVariable looks for a variable in all sections of global data.
func (o *Object) findVariable(name string) (*globalVariable, error) {
	if o.types == nil {
		return nil, fmt.Errorf("the object has no BTF, which lists variables: compile with -g: %w",
			refuse.ErrName)
	}
	all, err := o.globalVariables()
	if err != nil {
		return nil, err
	}
	var found *globalVariable
	var names []string
	for _, v := range all {
		if v.Name == name && found != nil {
			return nil, fmt.Errorf("%s and %s both have one: %w", found.in.def.Name, v.in.def.Name,
				refuse.ErrSeveralNamed)
		}
		if v.Name == name {
			found = v
		}
		names = append(names, v.Name)
	}
	if found == nil {
		return nil, fmt.Errorf("variables are %s: %w", listed(names), refuse.ErrName)
	}
	return found, nil
}

// listed names what there is, for an error.
func listed(names []string) string {
	const most = 20
	switch {
	case len(names) == 0:
		return "none"
	case len(names) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// Set changes what the variable holds from the start. The value has to be of the variable's type:
// an integer or enum takes a Go integer of its size and sign, or an int or uint that fits; _Bool
// takes a bool, float and double take the Go type of their size, and an array takes a Go array of
// as many elements. Every type takes a []byte of its size, in the object's byte order.
//
// A map that the load does not create keeps what it holds, and the value that was set is not put
// in: one that was given, was pinned before, or is left out.
//
// The error is of [ClassNotFound] if there is no such variable, and of [ClassInvalid] if the value
// is of another type or size, or the object was loaded already.
func (v *Variable) Set(value any) error {
	return v.object.change(v.name, func() error {
		if v.err != nil {
			return v.err
		}
		m := v.global.in
		if !m.ownValue {
			m.value, m.ownValue = m.InitialValue(), true
		}
		part, err := v.global.bytes(m.value)
		if err != nil {
			return err
		}
		encoded := bytes.Clone(part)
		if err := v.object.types.Encode(encoded, v.global.Type, value); err != nil {
			return err
		}
		copy(part, encoded)
		return nil
	})
}

// Get reads what the variable holds from the start into what to points to, of a type that
// [Variable.Set] takes for it. The error is of the same classes.
func (v *Variable) Get(to any) error {
	err := v.err
	var part []byte
	if err == nil {
		part, err = v.global.bytes(v.global.in.InitialValue())
	}
	if err == nil {
		err = v.object.types.Decode(part, v.global.Type, to)
	}
	return export(v.object.name, refuse.At(refuse.StageOpen, "", v.name, err))
}

// bytes returns the variable's part of its section, which a caller may have cut.
func (g *globalVariable) bytes(section []byte) ([]byte, error) {
	if uint64(len(section)) < g.Offset+uint64(g.Size) {
		return nil, fmt.Errorf("the section was cut to %d bytes, before the end of the variable: %w",
			len(section), refuse.ErrValue)
	}
	return section[g.Offset : g.Offset+uint64(g.Size)], nil
}

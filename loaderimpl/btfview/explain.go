// SPDX-License-Identifier: Apache-2.0

package btfview

import (
	"debug/elf"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/core"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A Relocation says what becomes of one instruction that depends on the kernel's types.
type Relocation struct {
	Section     string      `json:"section"`
	Function    string      `json:"function,omitempty"` // that has the instruction
	Instruction int         `json:"instruction"`        // in the section, from 0
	Expression  string      `json:"expression"`         // as C
	Kind        string      `json:"kind"`
	Candidates  []Candidate `json:"candidates"`
	Original    *uint64     `json:"original,omitempty"` // number in the object's types
	Value       *uint64     `json:"value,omitempty"`    // number that the instruction gets
	Chosen      string      `json:"chosen,omitempty"`   // candidate that it is from
	Poisoned    string      `json:"poisoned,omitempty"` // why there is none, so that it must not run
	Refused     string      `json:"refused,omitempty"`  // why the object cannot be loaded
}

// A Candidate has the name of the type that is asked for.
type Candidate struct {
	Source string  `json:"source"`
	Type   string  `json:"type"` // as C
	ID     uint32  `json:"id"`
	Value  *uint64 `json:"value,omitempty"` // none if it does not have what is asked for
}

// An object holds a compiled file and its relocations.
type object struct {
	file  *objfile.File
	types *typeinfo.Types
	ext   *typeinfo.Ext
}

// openObject reads an object. One of the other byte order has numbers that no kernel of this
// machine gives.
func openObject(path string) (*object, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f, err := objfile.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if f.Order != objfile.NativeOrder() {
		return nil, fmt.Errorf("%s: %v: %w", path, f.Order, refuse.ErrByteOrder)
	}
	types, err := typeinfo.Parse(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	ext, err := typeinfo.ParseExt(f, types)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &object{f, types, ext}, nil
}

// A function holds the relocations of one function.
type function struct {
	section, name string
	relos         []core.Relocation
}

// functions returns the relocations of an object, a function after the other.
func (o *object) functions() []function {
	var list []function
	if o.ext == nil {
		return nil
	}
	for _, section := range slices.Sorted(maps.Keys(o.ext.CORE.Sections)) {
		relos := core.Read(o.types, o.ext.CORE.Sections[section], o.ext.CORE.Size)
		for _, r := range relos {
			name := o.functionAt(section, uint64(r.Insn))
			if n := len(list); n == 0 || list[n-1].section != section || list[n-1].name != name {
				list = append(list, function{section: section, name: name})
			}
			last := &list[len(list)-1]
			last.relos = append(last.relos, r)
		}
	}
	return list
}

// functionAt returns the function that is at an offset of a section, empty for none.
func (o *object) functionAt(section string, offset uint64) string {
	s := o.file.Named(section)
	if s == nil {
		return ""
	}
	for _, y := range s.Symbols {
		if y.Kind == elf.STT_FUNC && offset >= y.Value && offset-y.Value < y.Size {
			return y.Name
		}
	}
	return ""
}

// Explain returns what becomes of each relocation of an object. Those of a function choose together
// among types of one name; in a load, those of all functions of a program do.
func (s *Sources) Explain(path string) ([]Relocation, error) {
	o, err := openObject(path)
	if err != nil {
		return nil, err
	}
	list := []Relocation{}
	r, err := s.resolver(o.types)
	if err != nil {
		return nil, choiceError(path, err)
	}
	for _, f := range o.functions() {
		for i, e := range r.Explain(f.relos) {
			list = append(list, describe(o, &f, &f.relos[i], &e))
		}
	}
	return list, nil
}

// describe puts an explanation into words.
func describe(o *object, f *function, r *core.Relocation, e *core.Explanation) Relocation {
	d := Relocation{
		Section: f.section, Function: f.name, Instruction: int(r.Insn / objfile.InsnSize),
		Expression: r.Expression(o.types), Kind: r.Kind.String(), Candidates: []Candidate{},
	}
	for _, t := range e.Candidates {
		c := Candidate{Source: t.Source.Name, ID: uint32(t.ID),
			Type: core.TypeName(t.Source.Types, t.ID)}
		if t.Fits {
			value := t.Value
			c.Value = &value
		}
		d.Candidates = append(d.Candidates, c)
	}
	switch {
	case e.Err != nil:
		d.Refused = e.Err.Error()
		return d
	case e.Poisoned:
		d.Poisoned = e.Lack(o.types)
	default:
		value := e.Value
		d.Value = &value
		if e.Chosen != nil {
			d.Chosen = e.Chosen.String()
		}
	}
	original := e.Original
	d.Original = &original
	return d
}

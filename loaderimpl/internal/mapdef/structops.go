// SPDX-License-Identifier: Apache-2.0

package mapdef

import (
	"cmp"
	"debug/elf"
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// Sections of structures that the kernel calls. A ? before the name leaves them out by default.
const (
	structOpsSection     = ".struct_ops"      // registered by an update of the map
	structOpsLinkSection = ".struct_ops.link" // registered by a link
)

// FlagLink makes a map of a structure that a link registers (BPF_F_LINK).
const FlagLink = 1 << 13

// A StructOps holds what an object says of a structure of the kernel's whose functions are
// programs.
type StructOps struct {
	Type      btf.TypeID // of the struct, in the object's types
	Name      string     // of the kernel's struct: without what tells variants in the object apart
	Optional  bool       // left out by default
	Functions []FunctionMember
}

// A FunctionMember puts a program into a member of a structure.
type FunctionMember struct {
	Member  string
	Program string
}

// Linked reports whether a link registers the structure, rather than an update of the map.
func (d *Definition) Linked() bool { return d.Flags&FlagLink != 0 }

// structOpsParser reads structures that the kernel calls: a variable in section .struct_ops or
// .struct_ops.link, of a struct that is named after the kernel's, whose functions are relocations
// to programs. The rules are libbpf's (init_struct_ops_maps, bpf_object__collect_st_ops_relos).
//
// What the object says of the struct is the programmer's idea of it. How it is laid out in the
// kernel is known when the object is loaded: see package structops.
type structOpsParser struct{}

func (structOpsParser) reads(s *objfile.Section) bool {
	switch strings.TrimPrefix(s.Name, "?") {
	case structOpsSection, structOpsLinkSection:
		return true
	}
	return false
}

func (structOpsParser) define(in *Input, s *objfile.Section,
	handled handledList) ([]*Definition, error) {
	if in.Types == nil {
		return nil, refuse.ErrStructTypes
	}
	list, vars, err := in.Types.Variables(s, handled.has)
	if err != nil {
		return nil, err
	}
	if list == 0 {
		return nil, fmt.Errorf("BTF does not list its variables: %w", refuse.ErrStructTypes)
	}
	defs := make([]*Definition, 0, len(vars))
	for _, v := range vars {
		d, err := defineStruct(in.Types, s, v)
		if err != nil {
			return nil, refuse.At(refuse.StageDefine, s.Name, v.Name, err)
		}
		if n := len(defs); n > 0 && d.Offset < defs[n-1].Offset+uint64(len(defs[n-1].Raw)) {
			return nil, refuse.At(refuse.StageDefine, s.Name, v.Name,
				fmt.Errorf("overlaps another structure: %w", refuse.ErrStruct))
		}
		defs = append(defs, d)
	}
	return defs, readFunctions(in, s, defs)
}

// defineStruct reads one structure, but for its functions.
func defineStruct(types *typeinfo.Types, s *objfile.Section,
	v typeinfo.Variable) (*Definition, error) {
	id, r, err := types.Plain(v.Type)
	switch {
	case err != nil:
		return nil, err
	case r.Kind != typeinfo.KindStruct:
		return nil, fmt.Errorf("%v %s is no struct: %w", r.Kind, r.Name, refuse.ErrStruct)
	case r.Name == "":
		return nil, fmt.Errorf("the struct has no name, and which of the kernel's it is cannot be "+
			"told: %w", refuse.ErrStruct)
	case r.Size != v.Size:
		return nil, fmt.Errorf("struct %s of %d bytes in a variable of %d: %w", r.Name, r.Size,
			v.Size, refuse.ErrStruct)
	}
	d := &Definition{
		Name: v.Name, Section: s.Name, Offset: v.Offset, Source: SourceStructOps, BTFType: id,
		Attributes: Attributes{Type: ebpf.StructOpsMap, KeySize: 4, ValueSize: r.Size,
			MaxEntries: 1},
		StructOps: &StructOps{Type: id, Name: typeinfo.WithoutFlavor(r.Name),
			Optional: strings.HasPrefix(s.Name, "?")},
		Raw: make([]byte, r.Size),
	}
	if s.Data != nil {
		d.Raw = s.Data[v.Offset : v.Offset+uint64(v.Size)]
	}
	if strings.TrimPrefix(s.Name, "?") == structOpsLinkSection {
		d.Flags = FlagLink
	}
	return d, nil
}

// readFunctions gives each relocation of a section of structures to the member that it fills.
func readFunctions(in *Input, s *objfile.Section, defs []*Definition) error {
	relocs, err := in.File.Relocations(s)
	if err != nil {
		return err
	}
	for _, rel := range relocs {
		i, found := slices.BinarySearchFunc(defs, rel.Offset,
			func(d *Definition, off uint64) int { return cmp.Compare(d.Offset, off) })
		if !found {
			i--
		}
		if i < 0 || rel.Offset-defs[i].Offset >= uint64(len(defs[i].Raw)) {
			return fmt.Errorf("pointer at byte %d is in no structure: %w", rel.Offset,
				refuse.ErrRelocation)
		}
		f, err := readFunction(in, rel, defs[i])
		if err != nil {
			return refuse.At(refuse.StageDefine, s.Name, defs[i].Name, err)
		}
		defs[i].StructOps.Functions = append(defs[i].StructOps.Functions, f)
	}
	return nil
}

// readFunction reads which program goes into which member of a structure.
func readFunction(in *Input, rel objfile.Relocation, d *Definition) (FunctionMember, error) {
	off := rel.Offset - d.Offset
	m, err := functionAt(in.Types, d.StructOps.Type, off)
	if err != nil {
		return FunctionMember{}, err
	}
	y := &in.File.Symbols[rel.Symbol]
	f := FunctionMember{Member: m.Name, Program: y.Name}
	switch {
	case slices.ContainsFunc(d.StructOps.Functions,
		func(g FunctionMember) bool { return g.Member == m.Name }):
		return f, fmt.Errorf("member %s: two programs: %w", m.Name, refuse.ErrRelocation)
	case rel.Type != objfile.RelocAbs64 && rel.Type != objfile.Reloc64:
		return f, fmt.Errorf("member %s: relocation of type %d: %w", m.Name, rel.Type,
			refuse.ErrRelocation)
	case y.Section == elf.SHN_UNDEF:
		return f, fmt.Errorf("member %s: %s: %w", m.Name, y.Name, refuse.ErrExtern)
	case int(y.Section) >= len(in.File.Sections):
		return f, fmt.Errorf("member %s: %s is in no section: %w", m.Name, y.Name,
			refuse.ErrRelocation)
	case slices.ContainsFunc(d.Raw[off:off+typeinfo.PointerSize],
		func(b byte) bool { return b != 0 }):
		return f, fmt.Errorf("member %s: %w", m.Name, refuse.ErrAddend)
	}
	target := &in.File.Sections[y.Section]
	if y.Kind != elf.STT_FUNC || !target.HoldsCode() || target.Name == objfile.TextSection {
		return f, fmt.Errorf("member %s: %s in section %s is no program: %w", m.Name, y.Name,
			target.Name, refuse.ErrRelocation)
	}
	return f, nil
}

// functionAt returns the member of a struct at an offset in bytes, which has to be a pointer to a
// function.
func functionAt(types *typeinfo.Types, id btf.TypeID, off uint64) (typeinfo.Member, error) {
	r, err := types.Type(id)
	if err != nil {
		return typeinfo.Member{}, err
	}
	for i := range r.Vlen {
		m, err := types.Member(&r, i)
		switch {
		case err != nil:
			return m, err
		case uint64(m.Offset) != off*8 || m.Width != 0:
			continue
		}
		is, err := types.IsFunctionPointer(m.Type)
		if err == nil && (!is || off+typeinfo.PointerSize > uint64(r.Size)) {
			err = fmt.Errorf("member %s is no pointer to a function: %w", m.Name,
				refuse.ErrRelocation)
		}
		return m, err
	}
	return typeinfo.Member{}, fmt.Errorf("no member of struct %s is at byte %d: %w", r.Name, off,
		refuse.ErrRelocation)
}

// CheckFunctions refuses programs in structures that are none of this kind, by isFunction.
func CheckFunctions(defs []*Definition, isFunction func(program string) bool) error {
	for _, d := range defs {
		if d.StructOps == nil {
			continue
		}
		for _, f := range d.StructOps.Functions {
			if !isFunction(f.Program) {
				return refuse.At(refuse.StageResolve, d.Section, d.Name,
					fmt.Errorf("member %s: %s: %w", f.Member, f.Program, refuse.ErrNoFunction))
			}
		}
	}
	return nil
}

// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"

	"github.com/cilium/ebpf/btf"
)

// An Object holds what an object file says of itself, without any loader: as much as a person looks
// at to choose a command line. Nothing is judged here. What cannot be read is left out, and the
// command itself will refuse it, or not.
type Object struct {
	Programs []Program // those that a caller can ask for, in the order of their sections
	Maps     []Map     // those of sections maps and .maps, by symbol

	// Structures lists the variables of sections .struct_ops and .struct_ops.link, without those of
	// their optional forms.
	Structures []string

	// References lists the maps that the code of programs refers to, each once, in the order of the
	// code: first the programs' sections, then .text, as loaders put them together. Data that code
	// refers to is listed under its section's name.
	References []string

	// PinnedByName says that a BTF map definition asks to be pinned by its name.
	PinnedByName bool
}

// A Program names a function in a section of its kind.
type Program struct{ Name, Section string }

// A Map holds the symbol of a map definition.
type Map struct {
	Name       string
	Definition []byte // the symbol's bytes; nil where the file does not hold them
}

// tailCall matches the section of a program that iproute2 puts into a PROG_ARRAY by itself: the
// map's id, and the index.
var tailCall = regexp.MustCompile(`^[0-9a-fA-Fx]+/[0-9a-fA-Fx]+$`)

// ReadObject reads an object file. The error is for files that are not ELF.
func ReadObject(name string) (*Object, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close() // only read
	return readObject(file)
}

func readObject(r io.ReaderAt) (*Object, error) {
	file, err := elf.NewFile(r)
	if err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	symbols, err := file.Symbols()
	if err != nil {
		symbols = nil // a loader may do without them; programs are known by their sections then
	}
	o := &Object{References: references(file, symbols)}
	for i, section := range file.Sections {
		switch {
		case section.Name == "maps" || section.Name == ".maps":
			o.Maps = append(o.Maps, mapsOf(i, section, symbols)...)
		case section.Name == ".struct_ops" || section.Name == ".struct_ops.link":
			for _, variable := range mapsOf(i, section, symbols) {
				o.Structures = append(o.Structures, variable.Name)
			}
		case section.Name == ".BTF":
			text, err := section.Data()
			o.PinnedByName = err == nil && pinsByName(text)
		case isProgram(section):
			o.Programs = append(o.Programs, programsOf(i, section.Name, symbols)...)
		}
	}
	return o, nil
}

// Program returns the one program of the object that has this name in the kernel, which cuts names.
func (o *Object) Program(name string) (Program, bool) {
	var all []Program
	for _, p := range o.Programs {
		if p.Name != "" && Cut(p.Name) == name {
			all = append(all, p)
		}
	}
	if len(all) != 1 {
		return Program{}, false
	}
	return all[0], true
}

// isProgram reports whether a section holds programs that a caller can ask for.
func isProgram(s *elf.Section) bool {
	return s.Type == elf.SHT_PROGBITS && s.Flags&elf.SHF_EXECINSTR != 0 && s.Size > 0 &&
		s.Name != ".text" && !tailCall.MatchString(s.Name)
}

// programsOf returns the functions of a section that can be named from outside. A section without
// any is one program without a name.
func programsOf(index int, section string, symbols []elf.Symbol) []Program {
	var all []Program
	for _, symbol := range symbols {
		if int(symbol.Section) == index && elf.ST_TYPE(symbol.Info) == elf.STT_FUNC &&
			elf.ST_BIND(symbol.Info) != elf.STB_LOCAL {
			all = append(all, Program{Name: symbol.Name, Section: section})
		}
	}
	if len(all) == 0 {
		all = []Program{{Section: section}}
	}
	return all
}

// pinsByName reports whether BTF has a map definition with the field pinning of value
// LIBBPF_PIN_BY_NAME, which is the length of an array that the field points to. BTF that cannot be
// read asks for nothing.
func pinsByName(text []byte) bool {
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(text))
	if err != nil {
		return false
	}
	for typ, err := range spec.All() {
		definition, ok := typ.(*btf.Struct)
		if err != nil || !ok {
			continue
		}
		for _, member := range definition.Members {
			pointer, isPointer := member.Type.(*btf.Pointer)
			if member.Name != "pinning" || !isPointer {
				continue
			}
			if array, ok := pointer.Target.(*btf.Array); ok && array.Nelems == 1 {
				return true
			}
		}
	}
	return false
}

// mapsOf returns the map definitions of a section.
func mapsOf(index int, section *elf.Section, symbols []elf.Symbol) []Map {
	data, err := section.Data()
	if err != nil {
		data = nil
	}
	var all []Map
	for _, symbol := range symbols {
		if int(symbol.Section) != index || symbol.Name == "" ||
			elf.ST_TYPE(symbol.Info) == elf.STT_SECTION {
			continue
		}
		m := Map{Name: symbol.Name}
		if size := uint64(len(data)); symbol.Value <= size && symbol.Size <= size-symbol.Value {
			m.Definition = data[symbol.Value : symbol.Value+symbol.Size]
		}
		all = append(all, m)
	}
	return all
}

// references returns what [Object.References] holds.
func references(file *elf.File, symbols []elf.Symbol) []string {
	var programs, text []string
	for _, section := range file.Sections {
		if section.Type != elf.SHT_REL || int(section.Info) >= len(file.Sections) {
			continue
		}
		var names []string
		for _, n := range relocated(section, file.ByteOrder) {
			if n > 0 && n <= len(symbols) {
				names = append(names, referred(file, symbols[n-1]))
			}
		}
		switch target := file.Sections[section.Info]; {
		case target.Name == ".text":
			text = names
		case isProgram(target):
			programs = append(programs, names...)
		}
	}
	return distinct(append(programs, text...))
}

// relocated returns the symbols of a section of relocations, by their index in the file, in the
// order of what is relocated.
func relocated(section *elf.Section, order binary.ByteOrder) []int {
	data, err := section.Data()
	if err != nil {
		return nil
	}
	type entry struct {
		offset uint64
		symbol int
	}
	var entries []entry
	for one := range slices.Chunk(data, 16) { // Elf64_Rel: r_offset, r_info
		if len(one) == 16 {
			entries = append(entries, entry{order.Uint64(one), int(order.Uint64(one[8:]) >> 32)})
		}
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return cmp.Compare(a.offset, b.offset) })
	var all []int
	for _, one := range entries {
		all = append(all, one.symbol)
	}
	return all
}

// referred returns the map that a symbol means: its name for one of a map, the section's for one of
// data; empty for any other, such as a function.
func referred(file *elf.File, symbol elf.Symbol) string {
	if int(symbol.Section) >= len(file.Sections) {
		return ""
	}
	section := file.Sections[symbol.Section]
	switch {
	case section.Name == "maps" || section.Name == ".maps":
		return symbol.Name
	case section.Flags&elf.SHF_ALLOC != 0 && section.Flags&elf.SHF_EXECINSTR == 0:
		return section.Name
	}
	return ""
}

// distinct returns the names, each where it comes first, without empty ones.
func distinct(names []string) []string {
	var all []string
	for _, name := range names {
		if name != "" && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// SPDX-License-Identifier: Apache-2.0

package elfedit

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// A file holds a relocatable 64-bit ELF file in parts. It does not keep the layout (offsets, the
// order in the file): [file.bytes] makes a new one.
type file struct {
	order    binary.ByteOrder
	header   elf.Header64
	sections []*section // as in the section headers; 0 is the empty one
	symbols  []*symbol  // as in .symtab; 0 is the empty one
	symtab   *section
	shstrtab *section // names of sections; clang keeps names of symbols in it too
}

// A section holds a section's header and contents. Laying the file out sets name, offset and size
// in the header.
type section struct {
	elf.Section64
	name   string
	data   []byte   // nil for a section without bytes in the file
	relocs []*reloc // of an SHT_REL section, instead of data
	info   *section // what an SHT_REL section is for
}

// A symbol holds an entry of the symbol table. Laying the file out sets its name and section index.
type symbol struct {
	elf.Sym64
	name    string
	section *section // nil for undefined and special sections
}

// A reloc holds an entry of an SHT_REL section.
type reloc struct {
	offset uint64
	typ    uint32
	symbol *symbol
}

// relocSize holds the size of an entry of an SHT_REL section, in bytes.
var relocSize = binary.Size(elf.Rel64{})

// maxSize limits the files that are taken apart, in bytes. The largest committed object has a
// hundredth of it.
const maxSize = 1 << 20

// maxAlign limits the alignment of a section that is laid out again, in bytes.
const maxAlign = 4096

// parse takes apart an object as clang writes it. It does not try to read bad objects.
func parse(raw []byte) (*file, error) {
	// debug/elf checks that sections are in the file and that names are in their tables, and knows
	// nothing of writing.
	checked, err := elf.NewFile(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("parse object: %w", err)
	}
	if checked.Class != elf.ELFCLASS64 || checked.Type != elf.ET_REL {
		return nil, fmt.Errorf("parse object: %v %v is not a 64-bit relocatable file", checked.Class, checked.Type)
	}
	if len(raw) > maxSize {
		return nil, fmt.Errorf("parse object: %d bytes, and %d are the most", len(raw), maxSize)
	}
	f := &file{order: checked.ByteOrder}
	if err := f.read(raw, 0, &f.header); err != nil {
		return nil, fmt.Errorf("parse object: header: %w", err)
	}
	if err := f.readSections(raw, checked.Sections); err != nil {
		return nil, fmt.Errorf("parse object: %w", err)
	}
	if err := f.readSymbols(); err != nil {
		return nil, fmt.Errorf("parse object: %w", err)
	}
	for _, s := range f.sections {
		if elf.SectionType(s.Type) == elf.SHT_REL {
			if err := f.readRelocs(s); err != nil {
				return nil, fmt.Errorf("parse object: section %s: %w", s.name, err)
			}
		}
	}
	return f, nil
}

func (f *file) readSections(raw []byte, checked []*elf.Section) error {
	for i, known := range checked {
		s := &section{name: known.Name}
		if err := f.read(raw, f.header.Shoff+uint64(i)*uint64(f.header.Shentsize), &s.Section64); err != nil {
			return fmt.Errorf("header of section %d: %w", i, err)
		}
		if known.Addralign > maxAlign || known.Flags&elf.SHF_COMPRESSED != 0 {
			return fmt.Errorf("section %s: aligned to %d bytes, flags %v", known.Name, known.Addralign, known.Flags)
		}
		if known.Type != elf.SHT_NULL && known.Type != elf.SHT_NOBITS {
			data, err := known.Data()
			if err != nil {
				return fmt.Errorf("section %s: %w", known.Name, err)
			}
			s.data = slices.Clone(data)
		}
		f.sections = append(f.sections, s)
	}
	if int(f.header.Shstrndx) >= len(f.sections) {
		return fmt.Errorf("names are in section %d of %d", f.header.Shstrndx, len(f.sections))
	}
	f.shstrtab = f.sections[f.header.Shstrndx]
	return nil
}

func (f *file) readSymbols() error {
	for _, s := range f.sections {
		if elf.SectionType(s.Type) == elf.SHT_SYMTAB {
			f.symtab = s
		}
	}
	if f.symtab == nil {
		return errors.New("no symbol table")
	}
	if int(f.symtab.Link) >= len(f.sections) || f.sections[f.symtab.Link] != f.shstrtab {
		return errors.New("symbols and sections have their names in different tables: clang of this age has one")
	}
	for at := 0; at < len(f.symtab.data); at += elf.Sym64Size {
		s := &symbol{}
		if err := f.read(f.symtab.data, uint64(at), &s.Sym64); err != nil {
			return fmt.Errorf("symbol %d: %w", at/elf.Sym64Size, err)
		}
		at := min(uint64(s.Name), uint64(len(f.shstrtab.data)))
		name, _, found := bytes.Cut(f.shstrtab.data[at:], []byte{0})
		if !found {
			return fmt.Errorf("symbol %d: name is outside its table", at/elf.Sym64Size)
		}
		s.name = string(name)
		if 0 < s.Shndx && int(s.Shndx) < len(f.sections) {
			s.section = f.sections[s.Shndx]
		}
		f.symbols = append(f.symbols, s)
	}
	return nil
}

func (f *file) readRelocs(s *section) error {
	if int(s.Info) >= len(f.sections) {
		return fmt.Errorf("relocates section %d of %d", s.Info, len(f.sections))
	}
	s.info = f.sections[s.Info]
	for at := 0; at < len(s.data); at += relocSize {
		var r elf.Rel64
		if err := f.read(s.data, uint64(at), &r); err != nil {
			return fmt.Errorf("relocation %d: %w", at/relocSize, err)
		}
		index := elf.R_SYM64(r.Info)
		if int(index) >= len(f.symbols) {
			return fmt.Errorf("relocation %d: symbol %d of %d", at/relocSize, index, len(f.symbols))
		}
		s.relocs = append(s.relocs, &reloc{offset: r.Off, typ: elf.R_TYPE64(r.Info), symbol: f.symbols[index]})
	}
	s.data = nil
	return nil
}

// bytes lays the file out: header, sections in the order of their headers, headers.
func (f *file) bytes() []byte {
	f.link()
	var out bytes.Buffer
	out.Write(make([]byte, binary.Size(f.header)))
	for _, s := range f.sections {
		if elf.SectionType(s.Type) == elf.SHT_NULL {
			continue
		}
		align(&out, s.Addralign)
		s.Off = uint64(out.Len())
		if elf.SectionType(s.Type) != elf.SHT_NOBITS {
			s.Size = uint64(len(s.data))
		}
		out.Write(s.data)
	}
	align(&out, 8)
	f.header.Shoff = uint64(out.Len())
	f.header.Shnum = uint16(len(f.sections))
	f.header.Shstrndx = uint16(slices.Index(f.sections, f.shstrtab))
	for _, s := range f.sections {
		out.Write(f.write(s.Section64))
	}
	raw := out.Bytes()
	copy(raw, f.write(f.header))
	return raw
}

// link turns names and pointers back into offsets and indices.
func (f *file) link() {
	names := newNames()
	for _, s := range f.sections {
		s.Name = names.offset(s.name)
	}
	f.symtab.data = nil
	for _, s := range f.symbols {
		s.Name = names.offset(s.name)
		if s.section != nil {
			s.Shndx = uint16(slices.Index(f.sections, s.section))
		}
		f.symtab.data = append(f.symtab.data, f.write(s.Sym64)...)
	}
	locals := slices.IndexFunc(f.symbols, func(s *symbol) bool {
		return elf.ST_BIND(s.Sym64.Info) != elf.STB_LOCAL
	})
	if locals < 0 {
		locals = len(f.symbols)
	}
	f.symtab.Info = uint32(locals)
	f.symtab.Link = uint32(slices.Index(f.sections, f.shstrtab))
	f.shstrtab.data = names.table
	for _, s := range f.sections {
		if elf.SectionType(s.Type) == elf.SHT_REL {
			f.linkRelocs(s)
		}
	}
}

func (f *file) linkRelocs(s *section) {
	s.data = nil
	for _, r := range s.relocs {
		index := uint32(slices.Index(f.symbols, r.symbol))
		s.data = append(s.data, f.write(elf.Rel64{Off: r.offset, Info: elf.R_INFO(index, r.typ)})...)
	}
	s.Link = uint32(slices.Index(f.sections, f.symtab))
	s.Section64.Info = uint32(slices.Index(f.sections, s.info))
}

func (f *file) read(raw []byte, at uint64, into any) error {
	if at > uint64(len(raw)) {
		return fmt.Errorf("offset %d is beyond %d bytes", at, len(raw))
	}
	_, err := binary.Decode(raw[at:], f.order, into)
	return err
}

// write encodes v, a struct of fixed size, in the file's byte order.
func (f *file) write(v any) []byte {
	raw, err := binary.Append(nil, f.order, v)
	if err != nil {
		panic(err) // v is not of fixed size: a mistake in this package
	}
	return raw
}

func align(out *bytes.Buffer, to uint64) {
	for to > 1 && uint64(out.Len())%to != 0 {
		out.WriteByte(0)
	}
}

// names holds a string table while it is written. Offset 0 is the empty string.
type names struct {
	table []byte
	known map[string]uint32
}

func newNames() *names {
	return &names{table: []byte{0}, known: map[string]uint32{"": 0}}
}

func (s *names) offset(of string) uint32 {
	if at, ok := s.known[of]; ok {
		return at
	}
	at := uint32(len(s.table))
	s.table = append(append(s.table, of...), 0)
	s.known[of] = at
	return at
}

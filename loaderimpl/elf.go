// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// maxObject is the largest object that is read, in bytes. Opening allocates a small multiple of an object's size, so this bounds memory.
const maxObject = 64 << 20

// Sizes of ELF64's records, in bytes (System V ABI, chapters 4 and 5).
const (
	elfHeaderSize  = 64
	elfSectionSize = 64
	elfSymbolSize  = 24
	elfRelSize     = 16
)

// byteOrder reads and writes numbers.
type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// file is an ELF file as its section headers and symbol table tell it. Strings and data are parts of the bytes it was read from.
type file struct {
	name     string
	data     []byte
	order    byteOrder
	sections []section
	symbols  []symbol // index 0 is the empty symbol that ELF asks for
}

type section struct {
	index      int
	name       string
	typ        elf.SectionType
	flags      elf.SectionFlag
	size       uint64 // bytes; of memory where there are none in the file
	link, info uint32
	entsize    uint64
	data       []byte        // nil where the section has no bytes in the file (SHT_NOBITS)
	relocs     *section      // the relocations for this section; nil for none
	symbols    []*symbol     // what is defined in it, in the order of the symbol table
	taken      []*Definition // by a handler of the caller's, and so not in symbols
}

type symbol struct {
	name    string
	bind    elf.SymBind
	kind    elf.SymType
	section elf.SectionIndex
	value   uint64 // offset in its section, bytes
	size    uint64 // bytes
	hidden  bool   // not for other objects to see
}

type relocation struct {
	offset uint64 // in the section it changes, bytes
	symbol uint32 // index into file.symbols
	typ    uint32 // R_BPF_...
}

// The relocations that LLVM's BPF backend makes (LLVM, docs: "BPF Target", llvm/BinaryFormat/ELFRelocs/BPF.def).
const (
	relocNone  = 0
	reloc64    = 1  // R_BPF_64_64: a 64-bit load
	relocAbs64 = 2  // R_BPF_64_ABS64: a pointer in data
	relocAbs32 = 3  // R_BPF_64_ABS32: an offset in data
	relocCall  = 10 // R_BPF_64_32: a call
)

// maxName is the longest name that is read, in bytes. It bounds the time that a string table without ends can cost.
const maxName = 1 << 14

// emBPF is the machine of BPF objects. LLVM before 4.0 left the machine empty, and libbpf takes that too (bpf_object__elf_init).
const emBPF = elf.EM_BPF

// parseELF reads headers, section table and symbol table. All offsets and sizes that leave here lie inside data.
func parseELF(name string, data []byte) (*file, error) {
	f := &file{name: name, data: data}
	shoff, shnum, shstrndx, err := f.header()
	if err != nil {
		return nil, err
	}
	if err := f.readSections(shoff, shnum, shstrndx); err != nil {
		return nil, err
	}
	if err := f.attachRelocations(); err != nil {
		return nil, err
	}
	return f, f.readSymbols()
}

// header checks the file header and says where the section headers are.
func (f *file) header() (shoff, shnum uint64, shstrndx uint32, err error) {
	h, err := f.bytes(0, elfHeaderSize)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("file header: %w", err)
	}
	if !bytes.HasPrefix(h, []byte(elf.ELFMAG)) {
		return 0, 0, 0, fmt.Errorf("no ELF file: %w", ErrELF)
	}
	switch elf.Data(h[elf.EI_DATA]) {
	case elf.ELFDATA2LSB:
		f.order = binary.LittleEndian
	case elf.ELFDATA2MSB:
		f.order = binary.BigEndian
	default:
		return 0, 0, 0, fmt.Errorf("byte order %d: %w", h[elf.EI_DATA], ErrELF)
	}
	typ, machine := elf.Type(f.order.Uint16(h[16:])), elf.Machine(f.order.Uint16(h[18:]))
	switch {
	case elf.Class(h[elf.EI_CLASS]) != elf.ELFCLASS64:
		return 0, 0, 0, fmt.Errorf("not a 64-bit ELF file: %w", ErrELF)
	case elf.Version(h[elf.EI_VERSION]) != elf.EV_CURRENT:
		return 0, 0, 0, fmt.Errorf("ELF version %d: %w", h[elf.EI_VERSION], ErrELF)
	case typ != elf.ET_REL:
		return 0, 0, 0, fmt.Errorf("%v, not an object file: %w", typ, ErrELF)
	case machine != emBPF && machine != elf.EM_NONE:
		return 0, 0, 0, fmt.Errorf("machine %v: %w", machine, ErrELF)
	case f.order.Uint16(h[58:]) != elfSectionSize:
		return 0, 0, 0, fmt.Errorf("section headers of %d bytes: %w", f.order.Uint16(h[58:]), ErrELF)
	}
	shoff, shnum, shstrndx = f.order.Uint64(h[40:]), uint64(f.order.Uint16(h[60:])), uint32(f.order.Uint16(h[62:]))
	if shnum != 0 && shstrndx != uint32(elf.SHN_XINDEX) {
		return shoff, shnum, shstrndx, nil
	}
	// Numbers that do not fit 16 bits are in the first section header.
	zero, err := f.bytes(shoff, elfSectionSize)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("section headers: %w", err)
	}
	if shnum == 0 {
		shnum = f.order.Uint64(zero[32:])
	}
	if shstrndx == uint32(elf.SHN_XINDEX) {
		shstrndx = f.order.Uint32(zero[40:])
	}
	return shoff, shnum, shstrndx, nil
}

// bytes is the part of the file at offset off.
func (f *file) bytes(off, size uint64) ([]byte, error) {
	if n := uint64(len(f.data)); off > n || size > n-off {
		return nil, fmt.Errorf("bytes %d to %d+%d of a file of %d: truncated: %w", off, off, size, n, ErrELF)
	}
	return f.data[off : off+size : off+size], nil
}

func (f *file) readSections(shoff, shnum uint64, shstrndx uint32) error {
	if shnum == 0 || shnum > uint64(len(f.data))/elfSectionSize {
		return fmt.Errorf("%d section headers: %w", shnum, ErrELF)
	}
	headers, err := f.bytes(shoff, shnum*elfSectionSize)
	if err != nil {
		return fmt.Errorf("section headers: %w", err)
	}
	f.sections = make([]section, shnum)
	total := shnum * elfSectionSize
	for i := range f.sections {
		h := headers[i*elfSectionSize:]
		s := &f.sections[i]
		*s = section{
			index:   i,
			typ:     elf.SectionType(f.order.Uint32(h[4:])),
			flags:   elf.SectionFlag(f.order.Uint64(h[8:])),
			size:    f.order.Uint64(h[32:]),
			link:    f.order.Uint32(h[40:]),
			info:    f.order.Uint32(h[44:]),
			entsize: f.order.Uint64(h[56:]),
		}
		if i == 0 || s.typ == elf.SHT_NULL || s.typ == elf.SHT_NOBITS {
			continue
		}
		if s.data, err = f.bytes(f.order.Uint64(h[24:]), s.size); err != nil {
			return fmt.Errorf("section %d: %w", i, err)
		}
		// Sections of an object file never share bytes. A file where they do could make a reader work many times its size.
		if total += s.size; total > uint64(len(f.data)) {
			return fmt.Errorf("section %d overlaps another: %w", i, ErrELF)
		}
	}
	names, err := f.strings(shstrndx)
	if err != nil {
		return fmt.Errorf("section names: %w", err)
	}
	for i := range f.sections {
		if f.sections[i].name, err = stringAt(names, f.order.Uint32(headers[i*elfSectionSize:])); err != nil {
			return fmt.Errorf("name of section %d: %w", i, err)
		}
	}
	return nil
}

// strings is the string table in a section.
func (f *file) strings(index uint32) (string, error) {
	s, err := f.section(index)
	if err != nil {
		return "", err
	}
	if s.typ != elf.SHT_STRTAB {
		return "", fmt.Errorf("section %d is %v, not a string table: %w", index, s.typ, ErrELF)
	}
	return string(s.data), nil
}

func stringAt(table string, off uint32) (string, error) {
	if uint64(off) >= uint64(len(table)) {
		if off == 0 {
			return "", nil
		}
		return "", fmt.Errorf("string at %d of %d bytes: %w", off, len(table), ErrELF)
	}
	s, _, ended := strings.Cut(table[off:min(int(off)+maxName, len(table))], "\x00")
	if !ended {
		return "", fmt.Errorf("string at %d does not end within %d bytes: %w", off, maxName, ErrELF)
	}
	return s, nil
}

// section is the section of that index, as other parts of the file name it.
func (f *file) section(index uint32) (*section, error) {
	if uint64(index) >= uint64(len(f.sections)) || index == 0 {
		return nil, fmt.Errorf("section %d of %d: %w", index, len(f.sections), ErrELF)
	}
	return &f.sections[index], nil
}

// named is the first section of that name.
func (f *file) named(name string) *section {
	for i := range f.sections {
		if f.sections[i].name == name {
			return &f.sections[i]
		}
	}
	return nil
}

// attachRelocations lets each section find the relocations that are for it.
func (f *file) attachRelocations() error {
	for i := range f.sections {
		r := &f.sections[i]
		switch r.typ {
		case elf.SHT_REL:
		case elf.SHT_RELA:
			return fmt.Errorf("section %s: BPF objects have relocations without addends: %w", r.name, ErrELF)
		default:
			continue
		}
		target, err := f.section(r.info)
		switch {
		case err != nil:
			return fmt.Errorf("section %s: target: %w", r.name, err)
		case r.entsize != elfRelSize || r.size%elfRelSize != 0:
			return fmt.Errorf("section %s: %d bytes in records of %d: %w", r.name, r.size, r.entsize, ErrELF)
		case target.relocs != nil:
			return fmt.Errorf("section %s: two sections of relocations: %w", target.name, ErrELF)
		}
		target.relocs = r
	}
	return nil
}

// relocations are those of a section, in the order of the file. Their offsets and symbols exist.
func (f *file) relocations(s *section) ([]relocation, error) {
	if s.relocs == nil {
		return nil, nil
	}
	data := s.relocs.data
	list := make([]relocation, 0, len(data)/elfRelSize)
	for ; len(data) >= elfRelSize; data = data[elfRelSize:] {
		info := f.order.Uint64(data[8:])
		r := relocation{offset: f.order.Uint64(data), symbol: uint32(info >> 32), typ: uint32(info)}
		switch {
		case r.offset >= s.size:
			return nil, fmt.Errorf("relocation at %d of %d bytes: %w", r.offset, s.size, ErrRelocation)
		case uint64(r.symbol) >= uint64(len(f.symbols)):
			return nil, fmt.Errorf("relocation at %d: symbol %d of %d: %w", r.offset, r.symbol, len(f.symbols), ErrRelocation)
		}
		list = append(list, r)
	}
	return list, nil
}

func (f *file) readSymbols() error {
	var table *section
	for i := range f.sections {
		switch s := &f.sections[i]; {
		case s.typ == elf.SHT_SYMTAB && table != nil:
			return fmt.Errorf("two symbol tables: %w", ErrELF)
		case s.typ == elf.SHT_SYMTAB:
			table = s
		}
	}
	if table == nil {
		return fmt.Errorf("no symbol table: do not strip the object: %w", ErrELF)
	}
	if table.entsize != elfSymbolSize || table.size%elfSymbolSize != 0 {
		return fmt.Errorf("symbol table of %d bytes in records of %d: %w", table.size, table.entsize, ErrELF)
	}
	names, err := f.strings(table.link)
	if err != nil {
		return fmt.Errorf("symbol names: %w", err)
	}
	f.symbols = make([]symbol, len(table.data)/elfSymbolSize)
	for i := range f.symbols {
		d := table.data[i*elfSymbolSize:]
		y := &f.symbols[i]
		*y = symbol{
			bind:    elf.ST_BIND(d[4]),
			kind:    elf.ST_TYPE(d[4]),
			hidden:  elf.ST_VISIBILITY(d[5]) != elf.STV_DEFAULT && elf.ST_VISIBILITY(d[5]) != elf.STV_PROTECTED,
			section: elf.SectionIndex(f.order.Uint16(d[6:])),
			value:   f.order.Uint64(d[8:]),
			size:    f.order.Uint64(d[16:]),
		}
		if y.name, err = stringAt(names, f.order.Uint32(d)); err != nil {
			return fmt.Errorf("name of symbol %d: %w", i, err)
		}
		if err := f.checkSymbol(y); err != nil {
			return fmt.Errorf("symbol %d (%s): %w", i, y.name, err)
		}
	}
	f.fileSymbols()
	return nil
}

func (f *file) checkSymbol(y *symbol) error {
	switch {
	case y.section == elf.SHN_XINDEX:
		return fmt.Errorf("more than %d sections: %w", elf.SHN_LORESERVE, ErrELF)
	case y.section == elf.SHN_COMMON:
		return fmt.Errorf("common symbol: compile with -fno-common: %w", ErrELF)
	case y.section >= elf.SHN_LORESERVE:
		return nil // absolute: the names of source files
	case int(y.section) >= len(f.sections):
		return fmt.Errorf("section %d of %d: %w", y.section, len(f.sections), ErrELF)
	}
	if y.section == elf.SHN_UNDEF {
		return nil
	}
	s := &f.sections[y.section]
	if y.value > s.size || y.size > s.size-y.value {
		return fmt.Errorf("%d bytes at %d of section %s of %d: %w", y.size, y.value, s.name, s.size, ErrELF)
	}
	return nil
}

// fileSymbols puts symbols with their sections: those that are defined in one and stand for something in it, which the section's own symbol and labels
// of code do not.
func (f *file) fileSymbols() {
	counts := make([]int, len(f.sections))
	stands := func(y *symbol) bool {
		switch {
		case y.section == elf.SHN_UNDEF, int(y.section) >= len(f.sections), y.kind == elf.STT_SECTION, y.kind == elf.STT_FILE:
			return false
		case y.kind == elf.STT_NOTYPE && y.bind == elf.STB_LOCAL:
			return f.sections[y.section].flags&elf.SHF_EXECINSTR == 0 // LLVM names the targets of jumps
		}
		return true
	}
	for i := range f.symbols {
		if y := &f.symbols[i]; stands(y) {
			counts[y.section]++
		}
	}
	for i := range f.sections {
		f.sections[i].symbols = make([]*symbol, 0, counts[i])
	}
	for i := range f.symbols {
		if y := &f.symbols[i]; stands(y) {
			s := &f.sections[y.section]
			s.symbols = append(s.symbols, y)
		}
	}
}

// offset32 is an offset or size that has to fit the kernel's 32 bits.
func offset32(n uint64) (uint32, error) {
	if n > math.MaxUint32 {
		return 0, fmt.Errorf("%d bytes do not fit 32 bits: %w", n, ErrELF)
	}
	return uint32(n), nil
}

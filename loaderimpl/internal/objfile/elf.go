// SPDX-License-Identifier: Apache-2.0

package objfile

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// MaxSize limits the objects that are read, in bytes. Opening allocates a small multiple of an
// object's size, so this bounds memory.
const MaxSize = 64 << 20

// InsnSize counts the bytes of one instruction.
const InsnSize = 8

// TextSection holds functions that programs call, and no programs.
const TextSection = ".text"

// Sizes of ELF64's records, in bytes (System V ABI, chapters 4 and 5).
const (
	elfHeaderSize  = 64
	elfSectionSize = 64
	elfSymbolSize  = 24
	elfRelSize     = 16
)

// ByteOrder reads and writes numbers.
type ByteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// NativeLittle reports whether this machine is little-endian.
var NativeLittle = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// NativeOrder returns this machine's byte order.
func NativeOrder() ByteOrder {
	if NativeLittle {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

// A File holds an ELF file as its section headers and symbol table describe it. Strings and data
// are parts of the bytes that it was read from.
type File struct {
	Data     []byte
	Order    ByteOrder
	Sections []Section
	Symbols  []Symbol // index 0 is the empty symbol that ELF asks for
}

// A Section describes a part of the file.
type Section struct {
	Index   int
	Name    string
	Type    elf.SectionType
	Flags   elf.SectionFlag
	Size    uint64    // bytes; of memory where there are none in the file
	Data    []byte    // nil where the section has no bytes in the file (SHT_NOBITS)
	Relocs  *Section  // the relocations for this section; nil for none
	Symbols []*Symbol // what is defined in it, in the order of the symbol table
	Align   uint64    // of its start, bytes; 0 and 1 for any
	EntSize uint64    // of its records, bytes; 0 for a section of none

	link, info uint32
}

// HoldsCode reports whether a section holds functions.
func (s *Section) HoldsCode() bool {
	return s.Type == elf.SHT_PROGBITS && s.Flags&elf.SHF_EXECINSTR != 0 && s.Size > 0
}

// A Symbol names a place in a section.
type Symbol struct {
	Name    string
	Bind    elf.SymBind
	Kind    elf.SymType
	Section elf.SectionIndex
	Value   uint64 // offset in its section, bytes
	Size    uint64 // bytes
	Hidden  bool   // not for other objects to see
}

// A Relocation ties a place in a section to a symbol.
type Relocation struct {
	Offset uint64 // in the section it changes, bytes
	Symbol uint32 // index into File.Symbols
	Type   uint32 // R_BPF_...
}

// Relocations of LLVM's BPF backend (LLVM, docs: "BPF Target",
// llvm/BinaryFormat/ELFRelocs/BPF.def).
const (
	RelocNone  = 0
	Reloc64    = 1  // R_BPF_64_64: a 64-bit load
	RelocAbs64 = 2  // R_BPF_64_ABS64: a pointer in data
	RelocAbs32 = 3  // R_BPF_64_ABS32: an offset in data
	RelocCall  = 10 // R_BPF_64_32: a call
)

// MaxName limits the names that are read, in bytes. It bounds the time that a string table without
// ends can cost.
const MaxName = 1 << 14

// emBPF marks BPF objects. LLVM before 4.0 left the machine empty, and libbpf accepts that too
// (bpf_object__elf_init).
const emBPF = elf.EM_BPF

// Parse reads headers, section table and symbol table. All offsets and sizes that leave here lie
// inside data.
func Parse(data []byte) (*File, error) {
	f := &File{Data: data}
	shoff, shnum, shstrndx, err := f.header()
	if err != nil {
		return nil, err
	}
	if err := f.readSections(shoff, shnum, shstrndx); err != nil {
		return nil, err
	}
	if err := f.checkCompressed(); err != nil {
		return nil, err
	}
	if err := f.attachRelocations(); err != nil {
		return nil, err
	}
	return f, f.readSymbols()
}

// header checks the file header and returns where the section headers are.
func (f *File) header() (shoff, shnum uint64, shstrndx uint32, err error) {
	h, err := f.bytes(0, elfHeaderSize)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("file header: %w", err)
	}
	if !bytes.HasPrefix(h, []byte(elf.ELFMAG)) {
		return 0, 0, 0, fmt.Errorf("no ELF file: %w", refuse.ErrELF)
	}
	switch elf.Data(h[elf.EI_DATA]) {
	case elf.ELFDATA2LSB:
		f.Order = binary.LittleEndian
	case elf.ELFDATA2MSB:
		f.Order = binary.BigEndian
	default:
		return 0, 0, 0, fmt.Errorf("byte order %d: %w", h[elf.EI_DATA], refuse.ErrELF)
	}
	typ, machine := elf.Type(f.Order.Uint16(h[16:])), elf.Machine(f.Order.Uint16(h[18:]))
	switch {
	case elf.Class(h[elf.EI_CLASS]) != elf.ELFCLASS64:
		return 0, 0, 0, fmt.Errorf("not a 64-bit ELF file: %w", refuse.ErrELF)
	case elf.Version(h[elf.EI_VERSION]) != elf.EV_CURRENT:
		return 0, 0, 0, fmt.Errorf("ELF version %d: %w", h[elf.EI_VERSION], refuse.ErrELF)
	case typ != elf.ET_REL:
		return 0, 0, 0, fmt.Errorf("%v, not an object file: %w", typ, refuse.ErrELF)
	case machine != emBPF && machine != elf.EM_NONE:
		return 0, 0, 0, fmt.Errorf("machine %v: %w", machine, refuse.ErrELF)
	case f.Order.Uint16(h[58:]) != elfSectionSize:
		return 0, 0, 0, fmt.Errorf("section headers of %d bytes: %w", f.Order.Uint16(h[58:]),
			refuse.ErrELF)
	}
	shoff, shnum, shstrndx = f.Order.Uint64(h[40:]), uint64(f.Order.Uint16(h[60:])),
		uint32(f.Order.Uint16(h[62:]))
	if shnum != 0 && shstrndx != uint32(elf.SHN_XINDEX) {
		return shoff, shnum, shstrndx, nil
	}
	// Numbers that do not fit 16 bits are in the first section header.
	zero, err := f.bytes(shoff, elfSectionSize)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("section headers: %w", err)
	}
	if shnum == 0 {
		shnum = f.Order.Uint64(zero[32:])
	}
	if shstrndx == uint32(elf.SHN_XINDEX) {
		shstrndx = f.Order.Uint32(zero[40:])
	}
	return shoff, shnum, shstrndx, nil
}

// bytes returns a part of the file.
func (f *File) bytes(off, size uint64) ([]byte, error) {
	if n := uint64(len(f.Data)); off > n || size > n-off {
		return nil, fmt.Errorf("bytes %d to %d+%d of a file of %d: truncated: %w", off, off, size,
			n, refuse.ErrELF)
	}
	return f.Data[off : off+size : off+size], nil
}

func (f *File) readSections(shoff, shnum uint64, shstrndx uint32) error {
	if shnum == 0 || shnum > uint64(len(f.Data))/elfSectionSize {
		return fmt.Errorf("%d section headers: %w", shnum, refuse.ErrELF)
	}
	headers, err := f.bytes(shoff, shnum*elfSectionSize)
	if err != nil {
		return fmt.Errorf("section headers: %w", err)
	}
	f.Sections = make([]Section, shnum)
	total := shnum * elfSectionSize
	for i := range f.Sections {
		h := headers[i*elfSectionSize:]
		s := &f.Sections[i]
		*s = Section{
			Index:   i,
			Type:    elf.SectionType(f.Order.Uint32(h[4:])),
			Flags:   elf.SectionFlag(f.Order.Uint64(h[8:])),
			Size:    f.Order.Uint64(h[32:]),
			link:    f.Order.Uint32(h[40:]),
			info:    f.Order.Uint32(h[44:]),
			Align:   f.Order.Uint64(h[48:]),
			EntSize: f.Order.Uint64(h[56:]),
		}
		if i == 0 || s.Type == elf.SHT_NULL || s.Type == elf.SHT_NOBITS {
			continue
		}
		if s.Data, err = f.bytes(f.Order.Uint64(h[24:]), s.Size); err != nil {
			return fmt.Errorf("section %d: %w", i, err)
		}
		// Sections of an object file never share bytes. A file where they do could make a reader
		// work many times its size.
		if total += s.Size; total > uint64(len(f.Data)) {
			return fmt.Errorf("section %d overlaps another: %w", i, refuse.ErrELF)
		}
	}
	names, err := f.strings(shstrndx)
	if err != nil {
		return fmt.Errorf("section names: %w", err)
	}
	for i := range f.Sections {
		if f.Sections[i].Name,
			err = stringAt(names, f.Order.Uint32(headers[i*elfSectionSize:])); err != nil {
			return fmt.Errorf("name of section %d: %w", i, err)
		}
	}
	return nil
}

// checkCompressed refuses compressed sections, but for those of debuggers, which nothing reads:
// tool chains compress them if told to (clang -gz). What is loaded may not be compressed (System V
// ABI, SHF_COMPRESSED), and tools that do it all the same leave bytes that mean something else.
func (f *File) checkCompressed() error {
	for i := range f.Sections {
		s := &f.Sections[i]
		if s.Flags&elf.SHF_COMPRESSED != 0 &&
			!strings.HasPrefix(strings.TrimPrefix(s.Name, ".rel"), ".debug_") {
			return refuse.At(refuse.StageOpen, s.Name, "", refuse.ErrCompressed)
		}
	}
	return nil
}

// strings returns the string table in a section.
func (f *File) strings(index uint32) (string, error) {
	s, err := f.section(index)
	if err != nil {
		return "", err
	}
	switch {
	case s.Type != elf.SHT_STRTAB:
		return "", fmt.Errorf("section %d is %v, not a string table: %w", index, s.Type,
			refuse.ErrELF)
	case s.Flags&elf.SHF_COMPRESSED != 0:
		return "", fmt.Errorf("section %d: %w", index, refuse.ErrCompressed)
	}
	return string(s.Data), nil
}

func stringAt(table string, off uint32) (string, error) {
	if uint64(off) >= uint64(len(table)) {
		if off == 0 {
			return "", nil
		}
		return "", fmt.Errorf("string at %d of %d bytes: %w", off, len(table), refuse.ErrELF)
	}
	s, _, ended := strings.Cut(table[off:min(int(off)+MaxName, len(table))], "\x00")
	if !ended {
		return "", fmt.Errorf("string at %d does not end within %d bytes: %w", off, MaxName,
			refuse.ErrELF)
	}
	return s, nil
}

// section returns the section of an index by which another part of the file refers to it.
func (f *File) section(index uint32) (*Section, error) {
	if uint64(index) >= uint64(len(f.Sections)) || index == 0 {
		return nil, fmt.Errorf("section %d of %d: %w", index, len(f.Sections), refuse.ErrELF)
	}
	return &f.Sections[index], nil
}

// Named returns the first section of a name, or nil.
func (f *File) Named(name string) *Section {
	for i := range f.Sections {
		if f.Sections[i].Name == name {
			return &f.Sections[i]
		}
	}
	return nil
}

// attachRelocations ties each section to the relocations that apply to it.
func (f *File) attachRelocations() error {
	for i := range f.Sections {
		r := &f.Sections[i]
		switch r.Type {
		case elf.SHT_REL:
		case elf.SHT_RELA:
			return fmt.Errorf("section %s: BPF objects have relocations without addends: %w",
				r.Name, refuse.ErrELF)
		default:
			continue
		}
		target, err := f.section(r.info)
		switch {
		case err != nil:
			return fmt.Errorf("section %s: target: %w", r.Name, err)
		case int(r.link) >= len(f.Sections) || f.Sections[r.link].Type != elf.SHT_SYMTAB:
			return fmt.Errorf("section %s: symbols are in section %d, which is no table of them: %w",
				r.Name, r.link, refuse.ErrELF)
		case r.EntSize != elfRelSize || r.Size%elfRelSize != 0:
			return fmt.Errorf("section %s: %d bytes in records of %d: %w", r.Name, r.Size,
				r.EntSize, refuse.ErrELF)
		case target.Relocs != nil:
			return fmt.Errorf("section %s: two sections of relocations: %w", target.Name,
				refuse.ErrELF)
		}
		target.Relocs = r
	}
	return nil
}

// Relocations returns those of a section, in the order of the file. Their offsets and symbols
// exist.
func (f *File) Relocations(s *Section) ([]Relocation, error) {
	if s.Relocs == nil {
		return nil, nil
	}
	data := s.Relocs.Data
	list := make([]Relocation, 0, len(data)/elfRelSize)
	for ; len(data) >= elfRelSize; data = data[elfRelSize:] {
		info := f.Order.Uint64(data[8:])
		r := Relocation{Offset: f.Order.Uint64(data), Symbol: uint32(info >> 32),
			Type: uint32(info)}
		switch {
		case r.Offset >= s.Size:
			return nil, fmt.Errorf("relocation at %d of %d bytes: %w", r.Offset, s.Size,
				refuse.ErrRelocation)
		case uint64(r.Symbol) >= uint64(len(f.Symbols)):
			return nil, fmt.Errorf("relocation at %d: symbol %d of %d: %w", r.Offset, r.Symbol,
				len(f.Symbols), refuse.ErrRelocation)
		}
		list = append(list, r)
	}
	return list, nil
}

func (f *File) readSymbols() error {
	var table *Section
	for i := range f.Sections {
		switch s := &f.Sections[i]; {
		case s.Type == elf.SHT_SYMTAB && table != nil:
			return fmt.Errorf("two symbol tables: %w", refuse.ErrELF)
		case s.Type == elf.SHT_SYMTAB:
			table = s
		}
	}
	if table == nil {
		return fmt.Errorf("no symbol table: do not strip the object: %w", refuse.ErrELF)
	}
	if table.EntSize != elfSymbolSize || table.Size%elfSymbolSize != 0 {
		return fmt.Errorf("symbol table of %d bytes in records of %d: %w", table.Size,
			table.EntSize, refuse.ErrELF)
	}
	names, err := f.strings(table.link)
	if err != nil {
		return fmt.Errorf("symbol names: %w", err)
	}
	f.Symbols = make([]Symbol, len(table.Data)/elfSymbolSize)
	for i := range f.Symbols {
		d := table.Data[i*elfSymbolSize:]
		y := &f.Symbols[i]
		*y = Symbol{
			Bind: elf.ST_BIND(d[4]),
			Kind: elf.ST_TYPE(d[4]),
			Hidden: elf.ST_VISIBILITY(d[5]) != elf.STV_DEFAULT &&
				elf.ST_VISIBILITY(d[5]) != elf.STV_PROTECTED,
			Section: elf.SectionIndex(f.Order.Uint16(d[6:])),
			Value:   f.Order.Uint64(d[8:]),
			Size:    f.Order.Uint64(d[16:]),
		}
		if y.Name, err = stringAt(names, f.Order.Uint32(d)); err != nil {
			return fmt.Errorf("name of symbol %d: %w", i, err)
		}
		if err := f.checkSymbol(y); err != nil {
			return fmt.Errorf("symbol %d (%s): %w", i, y.Name, err)
		}
	}
	f.fileSymbols()
	return nil
}

func (f *File) checkSymbol(y *Symbol) error {
	switch {
	case y.Section == elf.SHN_XINDEX:
		return fmt.Errorf("more than %d sections: %w", elf.SHN_LORESERVE, refuse.ErrELF)
	case y.Section == elf.SHN_COMMON:
		return fmt.Errorf("common symbol: compile with -fno-common: %w", refuse.ErrELF)
	case y.Section >= elf.SHN_LORESERVE:
		return nil // absolute: the names of source files
	case int(y.Section) >= len(f.Sections):
		return fmt.Errorf("section %d of %d: %w", y.Section, len(f.Sections), refuse.ErrELF)
	}
	if y.Section == elf.SHN_UNDEF {
		return nil
	}
	s := &f.Sections[y.Section]
	if y.Value > s.Size || y.Size > s.Size-y.Value {
		return fmt.Errorf("%d bytes at %d of section %s of %d: %w", y.Size, y.Value, s.Name, s.Size,
			refuse.ErrELF)
	}
	return nil
}

// fileSymbols lists symbols with their sections: those that are defined in one and name something
// in it, which the section's own symbol and labels of code do not.
func (f *File) fileSymbols() {
	counts := make([]int, len(f.Sections))
	stands := func(y *Symbol) bool {
		switch {
		case y.Section == elf.SHN_UNDEF, int(y.Section) >= len(f.Sections),
			y.Kind == elf.STT_SECTION, y.Kind == elf.STT_FILE:
			return false
		case y.Kind == elf.STT_NOTYPE && y.Bind == elf.STB_LOCAL:
			// LLVM names the targets of jumps.
			return f.Sections[y.Section].Flags&elf.SHF_EXECINSTR == 0
		}
		return true
	}
	for i := range f.Symbols {
		if y := &f.Symbols[i]; stands(y) {
			counts[y.Section]++
		}
	}
	for i := range f.Sections {
		f.Sections[i].Symbols = make([]*Symbol, 0, counts[i])
	}
	for i := range f.Symbols {
		if y := &f.Symbols[i]; stands(y) {
			s := &f.Sections[y.Section]
			s.Symbols = append(s.Symbols, y)
		}
	}
}

// Offset32 narrows an offset or size to the kernel's 32 bits.
func Offset32(n uint64) (uint32, error) {
	if n > math.MaxUint32 {
		return 0, fmt.Errorf("%d bytes do not fit 32 bits: %w", n, refuse.ErrELF)
	}
	return uint32(n), nil
}

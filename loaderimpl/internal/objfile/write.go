// SPDX-License-Identifier: Apache-2.0

package objfile

import (
	"debug/elf"
	"slices"
)

// A NewSection is written to a file.
type NewSection struct {
	Name    string
	Type    elf.SectionType
	Flags   elf.SectionFlag
	Align   uint64 // bytes
	EntSize uint64 // bytes
	Size    uint64 // bytes
	Data    []byte // nil for a section without bytes in the file
	Link    uint32 // index of another section
	Info    uint32
}

// A NewSymbol is written to a file.
type NewSymbol struct {
	Name        string
	Bind        elf.SymBind
	Kind        elf.SymType
	Hidden      bool
	Section     uint16 // index; 0 for none
	Value, Size uint64 // bytes
}

// A Writer writes an object: its sections in the order in which they are added, from index 1 on,
// then a symbol table and one table of strings.
type Writer struct {
	Order    ByteOrder
	sections []NewSection
	strings  []byte
	offsets  map[string]uint32
}

// Add adds a section. Its data is not copied.
func (w *Writer) Add(s NewSection) { w.sections = append(w.sections, s) }

// Bytes returns the whole file. The symbols are those after the empty one that ELF asks for; those
// before index firstGlobal are local.
func (w *Writer) Bytes(symbols []NewSymbol, firstGlobal uint32) []byte {
	w.strings, w.offsets = []byte{0}, map[string]uint32{"": 0}
	table := make([]byte, elfSymbolSize, elfSymbolSize*(len(symbols)+1))
	for i := range symbols {
		table = w.symbol(table, &symbols[i])
	}
	const symtab, strtab = ".symtab", ".strtab"
	strings := uint32(len(w.sections) + 2)
	w.Add(NewSection{Name: symtab, Type: elf.SHT_SYMTAB, Align: 8, EntSize: elfSymbolSize,
		Size: uint64(len(table)), Data: table, Link: strings, Info: firstGlobal})
	for i := range w.sections {
		w.name(w.sections[i].Name)
	}
	w.name(strtab)
	w.Add(NewSection{Name: strtab, Type: elf.SHT_STRTAB, Align: 1, Size: uint64(len(w.strings)),
		Data: w.strings})
	return w.file(strings)
}

// name returns the offset of a name in the table of strings.
func (w *Writer) name(s string) uint32 {
	off, ok := w.offsets[s]
	if !ok {
		off = uint32(len(w.strings))
		w.strings = append(append(w.strings, s...), 0)
		w.offsets[s] = off
	}
	return off
}

func (w *Writer) symbol(table []byte, y *NewSymbol) []byte {
	visibility := elf.STV_DEFAULT
	if y.Hidden {
		visibility = elf.STV_HIDDEN
	}
	table = w.Order.AppendUint32(table, w.name(y.Name))
	table = append(table, elf.ST_INFO(y.Bind, y.Kind), byte(visibility))
	table = w.Order.AppendUint16(table, y.Section)
	table = w.Order.AppendUint64(table, y.Value)
	return w.Order.AppendUint64(table, y.Size)
}

// file lays out header, sections and the table of sections.
func (w *Writer) file(names uint32) []byte {
	size := elfHeaderSize
	for i := range w.sections {
		size += len(w.sections[i].Data) + 15
	}
	out := make([]byte, elfHeaderSize, size+elfSectionSize*(len(w.sections)+1))
	headers := make([]byte, elfSectionSize, elfSectionSize*(len(w.sections)+1))
	for i := range w.sections {
		s := &w.sections[i]
		out = pad(out, s.Align)
		headers = w.header(headers, s, uint64(len(out)))
		out = append(out, s.Data...)
	}
	out = pad(out, 8)
	w.fileHeader(out, uint64(len(out)), names)
	return append(out, headers...)
}

// pad fills up to where a section of an alignment may start. Larger ones than that of the largest
// number matter in memory only.
func pad(out []byte, align uint64) []byte {
	const most = 16
	align = max(1, min(align, most))
	return append(out, make([]byte, -uint64(len(out))&(align-1))...)
}

func (w *Writer) header(headers []byte, s *NewSection, offset uint64) []byte {
	headers = w.Order.AppendUint32(headers, w.name(s.Name))
	headers = w.Order.AppendUint32(headers, uint32(s.Type))
	for _, n := range []uint64{uint64(s.Flags), 0, offset, s.Size} {
		headers = w.Order.AppendUint64(headers, n)
	}
	headers = w.Order.AppendUint32(headers, s.Link)
	headers = w.Order.AppendUint32(headers, s.Info)
	headers = w.Order.AppendUint64(headers, max(1, s.Align))
	return w.Order.AppendUint64(headers, s.EntSize)
}

// fileHeader writes the header at the start of a file.
func (w *Writer) fileHeader(out []byte, shoff uint64, names uint32) {
	data := elf.ELFDATA2MSB
	if slices.Equal(w.Order.AppendUint16(nil, 1), []byte{1, 0}) {
		data = elf.ELFDATA2LSB
	}
	copy(out, elf.ELFMAG)
	out[elf.EI_CLASS], out[elf.EI_DATA] = byte(elf.ELFCLASS64), byte(data)
	out[elf.EI_VERSION] = byte(elf.EV_CURRENT)
	w.Order.PutUint16(out[16:], uint16(elf.ET_REL))
	w.Order.PutUint16(out[18:], uint16(elf.EM_BPF))
	w.Order.PutUint32(out[20:], uint32(elf.EV_CURRENT))
	w.Order.PutUint64(out[40:], shoff)
	w.Order.PutUint16(out[52:], elfHeaderSize)
	w.Order.PutUint16(out[58:], elfSectionSize)
	w.Order.PutUint16(out[60:], uint16(len(w.sections)+1))
	w.Order.PutUint16(out[62:], uint16(names))
}

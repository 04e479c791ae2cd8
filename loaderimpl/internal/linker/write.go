// SPDX-License-Identifier: Apache-2.0

package linker

import (
	"debug/elf"
	"fmt"
	"slices"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// write writes the output.
func (l *linkage) write() ([]byte, error) {
	w := &objfile.Writer{Order: l.order}
	for i, s := range l.sections {
		s.index = uint16(i + 1)
		w.Add(objfile.NewSection{Name: s.name, Type: s.kind, Flags: s.flags, Align: s.align,
			EntSize: s.entSize, Size: s.size, Data: s.data})
	}
	btfData, ext, err := l.typesAndExt()
	if err != nil {
		return nil, err
	}
	symbols := l.outputSymbols()
	first := 0 // global one
	list := make([]objfile.NewSymbol, len(symbols))
	for i, y := range symbols {
		y.index = uint32(i + 1)
		if y.bind == elf.STB_LOCAL {
			first = i + 1
		}
		list[i] = objfile.NewSymbol{Name: y.name, Bind: y.bind, Kind: y.kind, Hidden: y.hidden,
			Value: y.value, Size: y.size}
		if y.section != nil {
			list[i].Section = y.section.index
		}
	}
	symtab := uint32(len(l.sections) + 1)
	for _, s := range l.sections {
		if len(s.relocs) > 0 {
			symtab++
		}
	}
	if btfData != nil {
		symtab++
	}
	if ext != nil {
		symtab++
	}
	for _, s := range l.sections {
		if len(s.relocs) == 0 {
			continue
		}
		data := make([]byte, 0, 16*len(s.relocs))
		for _, r := range s.relocs {
			data = l.order.AppendUint64(data, r.offset)
			data = l.order.AppendUint64(data, uint64(r.symbol.index)<<32|uint64(r.kind))
		}
		w.Add(objfile.NewSection{Name: ".rel" + s.name, Type: elf.SHT_REL,
			Flags: elf.SHF_INFO_LINK, Align: 8, EntSize: 16, Size: uint64(len(data)), Data: data,
			Link: symtab, Info: uint32(s.index)})
	}
	for _, s := range []struct {
		name string
		data []byte
	}{{typeinfo.Section, btfData}, {typeinfo.ExtSection, ext}} {
		if s.data != nil {
			w.Add(objfile.NewSection{Name: s.name, Type: elf.SHT_PROGBITS, Align: 4,
				Size: uint64(len(s.data)), Data: s.data})
		}
	}
	out := w.Bytes(list, uint32(first+1))
	if len(out) > objfile.MaxSize {
		return nil, refuse.At(refuse.StageLink, "", "", fmt.Errorf("%d bytes, at most %d: %w",
			len(out), objfile.MaxSize, refuse.ErrLinkLarge))
	}
	return out, nil
}

// typesAndExt returns what goes into .BTF and .BTF.ext; nil for nothing.
func (l *linkage) typesAndExt() (types, ext []byte, err error) {
	if !slices.ContainsFunc(l.objects, func(o *object) bool { return o.types != nil }) {
		return nil, nil, nil
	}
	b, err := l.graph.Dedup(l.order)
	if err != nil {
		return nil, nil, refuse.At(refuse.StageLink, typeinfo.Section, "", err)
	}
	ext = l.joinExt(b)
	if err := l.problems.err(); err != nil {
		return nil, nil, err
	}
	if err := b.Check(); err != nil {
		return nil, nil, refuse.At(refuse.StageLink, typeinfo.Section, "", err)
	}
	return b.Bytes(), ext, nil
}

// outputSymbols lists the symbols that are written: of sections that relocations refer to, then
// those that no other object can name, then the global ones.
func (l *linkage) outputSymbols() []*symbol {
	var list []*symbol
	for _, s := range l.sections {
		if s.symbol.used {
			list = append(list, s.symbol)
		}
	}
	for _, o := range l.objects {
		for i, y := range o.symbols {
			if y != nil && o.file.Symbols[i].Bind == elf.STB_LOCAL && y.kind != elf.STT_SECTION &&
				y.stays() {
				list = append(list, y)
			}
		}
	}
	for _, g := range l.globals {
		list = append(list, g.symbol)
	}
	return list
}

// stays reports whether a local symbol is written. Labels of code, and what has no name, mean
// something to relocations only.
func (y *symbol) stays() bool {
	label := y.name == "" || y.kind == elf.STT_NOTYPE && y.section.isCode()
	return y.used || !label
}

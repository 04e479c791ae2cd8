// SPDX-License-Identifier: Apache-2.0

package elfedit

import (
	"debug/elf"
	"fmt"
	"slices"
)

func (f *file) symbol(name string) (*symbol, error) {
	for _, s := range f.symbols {
		if s.name == name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("no symbol %s", name)
}

// dropSymbol removes a symbol and the relocations that name it.
func (f *file) dropSymbol(sym *symbol) {
	f.symbols = slices.DeleteFunc(f.symbols, func(s *symbol) bool { return s == sym })
	for _, s := range f.sections {
		s.relocs = slices.DeleteFunc(s.relocs, func(r *reloc) bool { return r.symbol == sym })
	}
}

// DropSymbol removes a symbol and the relocations that name it. What the symbol stood for stays in
// its section.
func DropSymbol(name string) Edit {
	return onFile(func(f *file) error {
		s, err := f.symbol(name)
		if err != nil {
			return err
		}
		f.dropSymbol(s)
		return nil
	}, "drop symbol %s", name)
}

// onSymbol returns an edit of one symbol.
func onSymbol(name string, change func(s *symbol), format string, args ...any) Edit {
	return onFile(func(f *file) error {
		s, err := f.symbol(name)
		if err != nil {
			return err
		}
		change(s)
		return nil
	}, format, args...)
}

// RenameSymbol gives a symbol another name, which others may have.
func RenameSymbol(from, to string) Edit {
	return onSymbol(from, func(s *symbol) { s.name = to }, "rename symbol %s to %s", from, to)
}

// NamelessSymbol removes a symbol's name.
func NamelessSymbol(name string) Edit {
	return onSymbol(name, func(s *symbol) { s.name = "" }, "take the name of symbol %s", name)
}

// MoveSymbol gives a symbol another offset in its section, in bytes. It may be beyond the section's
// end.
func MoveSymbol(name string, offset uint64) Edit {
	return onSymbol(name, func(s *symbol) { s.Value = offset }, "move symbol %s to %#x", name, offset)
}

// SymbolSection says that a symbol is in the section of that index, which need not exist.
func SymbolSection(name string, index uint16) Edit {
	return onSymbol(name, func(s *symbol) {
		s.section, s.Shndx = nil, index
	}, "put symbol %s in section %d", name, index)
}

// ResizeSymbol gives a symbol another size, in bytes. It may reach beyond the section's end.
func ResizeSymbol(name string, size uint64) Edit {
	return onSymbol(name, func(s *symbol) { s.Size = size }, "resize symbol %s to %#x", name, size)
}

// SymbolBinding gives a symbol another binding, and leaves it in its place of the table.
func SymbolBinding(name string, to elf.SymBind) Edit {
	return onSymbol(name, func(s *symbol) {
		s.Info = elf.ST_INFO(to, elf.ST_TYPE(s.Info))
	}, "bind symbol %s as %d", name, to)
}

// SymbolType gives a symbol another type, which need not exist.
func SymbolType(name string, to elf.SymType) Edit {
	return onSymbol(name, func(s *symbol) {
		s.Info = elf.ST_INFO(elf.ST_BIND(s.Info), to)
	}, "make symbol %s of type %d", name, to)
}

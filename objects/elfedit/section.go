// SPDX-License-Identifier: Apache-2.0

package elfedit

import (
	"debug/elf"
	"fmt"
	"slices"
)

// section is the section of that name.
func (f *file) section(name string) (*section, error) {
	for _, s := range f.sections {
		if s.name == name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("no section %s", name)
}

// DropSection removes a section, the relocations of it, and the symbols in it with the relocations that name them.
func DropSection(name string) Edit {
	return onFile(func(f *file) error {
		s, err := f.section(name)
		if err != nil {
			return err
		}
		f.sections = slices.DeleteFunc(f.sections, func(other *section) bool { return other == s || other.info == s })
		for _, sym := range slices.Clone(f.symbols) {
			if sym.section == s {
				f.dropSymbol(sym)
			}
		}
		return nil
	}, "drop section %s", name)
}

// EmptySection removes a section's contents and keeps its header, its symbols and the relocations that name them.
func EmptySection(name string) Edit {
	return onFile(func(f *file) error {
		s, err := f.section(name)
		if err != nil {
			return err
		}
		s.data = nil
		return nil
	}, "empty section %s", name)
}

// GrowSection adds n bytes of 0 to the end of a section.
func GrowSection(name string, n int) Edit {
	return onFile(func(f *file) error {
		s, err := f.section(name)
		if err != nil {
			return err
		}
		s.data = append(s.data, make([]byte, n)...)
		return nil
	}, "grow section %s by %d", name, n)
}

// ShrinkSection removes n bytes from the end of a section.
func ShrinkSection(name string, n int) Edit {
	return onFile(func(f *file) error {
		s, err := f.section(name)
		if err != nil {
			return err
		}
		if n > len(s.data) {
			return fmt.Errorf("it has %d bytes", len(s.data))
		}
		s.data = s.data[:len(s.data)-n]
		return nil
	}, "shrink section %s by %d", name, n)
}

// SectionOffset says that a section is at that offset of the file, without moving it.
func SectionOffset(name string, offset uint64) Edit {
	return Edit{
		does: fmt.Sprintf("move section %s to %#x", name, offset),
		apply: func(raw []byte) ([]byte, error) {
			f, err := parse(raw)
			if err != nil {
				return nil, err
			}
			s, err := f.section(name)
			if err != nil {
				return nil, err
			}
			raw = f.bytes()
			header := f.header.Shoff + uint64(slices.Index(f.sections, s))*uint64(f.header.Shentsize)
			const offsetInHeader = 24 // sh_offset of Elf64_Shdr
			f.order.PutUint64(raw[header+offsetInHeader:], offset)
			return raw, nil
		},
	}
}

// EmptySectionType gives a section the type of one that has no bytes in the file, with its size kept.
func EmptySectionType(name string) Edit {
	return onFile(func(f *file) error {
		s, err := f.section(name)
		if err != nil {
			return err
		}
		s.Type = uint32(elf.SHT_NOBITS)
		s.Size = uint64(len(s.data))
		s.data = nil
		return nil
	}, "take the bytes of section %s", name)
}

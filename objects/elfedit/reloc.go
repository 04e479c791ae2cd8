// SPDX-License-Identifier: Apache-2.0

package elfedit

import (
	"errors"
	"fmt"
)

// MoveRelocation moves, by that many bytes, the first relocation of a section that names a symbol.
func MoveRelocation(section, symbol string, by int64) Edit {
	return onFile(func(f *file) error {
		for _, r := range f.relocsOf(section) {
			if r.symbol.name == symbol {
				r.offset += uint64(by)
				return nil
			}
		}
		return fmt.Errorf("no relocation of %s names %s", section, symbol)
	}, "move relocation of %s to %s by %d", section, symbol, by)
}

// MoveReloc gives a relocation of a section, by its number from 0, another offset in bytes. It may
// be beyond the section's end.
func MoveReloc(section string, number int, offset uint64) Edit {
	return onReloc(section, number, func(r *reloc) { r.offset = offset },
		"move relocation %d of section %s to %#x", number, section, offset)
}

// onReloc returns an edit of one relocation of a section.
func onReloc(section string, number int, change func(r *reloc), format string, args ...any) Edit {
	return onFile(func(f *file) error {
		if _, err := f.section(section); err != nil {
			return err
		}
		relocs := f.relocsOf(section)
		if len(relocs) == 0 {
			return errors.New("it has none")
		}
		if number >= len(relocs) {
			return fmt.Errorf("it has %d", len(relocs))
		}
		change(relocs[number])
		return nil
	}, format, args...)
}

// relocsOf returns the relocations of a section. It has none where its section of relocations is
// missing.
func (f *file) relocsOf(section string) []*reloc {
	for _, s := range f.sections {
		if s.info != nil && s.info.name == section {
			return s.relocs
		}
	}
	return nil
}

// RelocType gives a relocation of a section, by its number from 0, another type, such as 1
// (R_BPF_64_64) or 2 (R_BPF_64_ABS64).
func RelocType(section string, number int, typ uint32) Edit {
	return onReloc(section, number, func(r *reloc) { r.typ = typ },
		"make relocation %d of section %s of type %d", number, section, typ)
}

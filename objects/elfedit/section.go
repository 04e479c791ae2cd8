// SPDX-License-Identifier: Apache-2.0

package elfedit

import (
	"bytes"
	"compress/zlib"
	"debug/elf"
	"fmt"
	"slices"
)

// section returns the section of that name.
func (f *file) section(name string) (*section, error) {
	for _, s := range f.sections {
		if s.name == name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("no section %s", name)
}

// DropSection removes a section, the relocations of it, and the symbols in it with the relocations
// that name them.
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

// onSection returns an edit of one section.
func onSection(name string, change func(s *section) error, format string, args ...any) Edit {
	return onFile(func(f *file) error {
		s, err := f.section(name)
		if err != nil {
			return err
		}
		return change(s)
	}, format, args...)
}

// EmptySection removes a section's contents. Its header, its symbols and the relocations that name
// them stay.
func EmptySection(name string) Edit {
	return onSection(name, func(s *section) error {
		s.data = nil
		return nil
	}, "empty section %s", name)
}

// EmptySectionType gives a section the type of one without bytes in the file (SHT_NOBITS). Its size
// stays.
func EmptySectionType(name string) Edit {
	return onSection(name, func(s *section) error {
		s.Type = uint32(elf.SHT_NOBITS)
		s.Size = uint64(len(s.data))
		s.data = nil
		return nil
	}, "take the bytes of section %s", name)
}

// GrowSection adds n bytes of 0 to the end of a section.
func GrowSection(name string, n int) Edit {
	return onSection(name, func(s *section) error {
		s.data = append(s.data, make([]byte, n)...)
		return nil
	}, "grow section %s by %d", name, n)
}

// ShrinkSection removes n bytes from the end of a section.
func ShrinkSection(name string, n int) Edit {
	return onSection(name, func(s *section) error {
		if n > len(s.data) {
			return tooShort(s.data)
		}
		s.data = s.data[:len(s.data)-n]
		return nil
	}, "shrink section %s by %d", name, n)
}

// onHeader returns an edit of the header of a section in the laid-out file, and of nothing else.
func onHeader(name string, change func(header *elf.Section64), format string, args ...any) Edit {
	return onBytes(func(raw []byte) ([]byte, error) {
		f, err := parse(raw)
		if err != nil {
			return nil, err
		}
		s, err := f.section(name)
		if err != nil {
			return nil, err
		}
		raw = f.bytes()
		header := s.Section64
		change(&header)
		at := f.header.Shoff + uint64(slices.Index(f.sections, s))*uint64(f.header.Shentsize)
		copy(raw[at:], f.write(header))
		return raw, nil
	}, format, args...)
}

// SectionAlignment says that a section is aligned to that many bytes, and leaves it where it is.
func SectionAlignment(name string, to uint64) Edit {
	return onHeader(name, func(header *elf.Section64) {
		header.Addralign = to
	}, "align section %s to %#x", name, to)
}

// RenameSection gives a section another name, which others may have, or none.
func RenameSection(from, to string) Edit {
	return onSection(from, func(s *section) error {
		s.name = to
		return nil
	}, "rename section %s to %q", from, to)
}

// SectionOffset says that a section is at that offset of the file, without moving it.
func SectionOffset(name string, offset uint64) Edit {
	return onHeader(name, func(header *elf.Section64) {
		header.Off = offset
	}, "move section %s to %#x", name, offset)
}

// SectionSize says that a section has that size, in bytes, and leaves its contents alone.
func SectionSize(name string, size uint64) Edit {
	return onHeader(name, func(header *elf.Section64) {
		header.Size = size
	}, "resize section %s to %#x", name, size)
}

// SectionType says that a section is of another type, and leaves its contents alone.
func SectionType(name string, typ elf.SectionType) Edit {
	return onHeader(name, func(header *elf.Section64) {
		header.Type = uint32(typ)
	}, "make section %s %v", name, typ)
}

// SectionFlags gives a section other flags, and leaves its contents alone.
func SectionFlags(name string, flags elf.SectionFlag) Edit {
	return onHeader(name, func(header *elf.Section64) {
		header.Flags = uint64(flags)
	}, "give section %s flags %#x", name, uint64(flags))
}

// SectionEntrySize says that the entries of a section have that size, in bytes, and leaves them
// alone.
func SectionEntrySize(name string, size uint64) Edit {
	return onHeader(name, func(header *elf.Section64) {
		header.Entsize = size
	}, "make entries of section %s of %#x bytes", name, size)
}

// SectionInfo sets a section's sh_info: of relocations, the index of the section that they are for;
// of symbols, how many are local.
func SectionInfo(name string, to uint32) Edit {
	return onHeader(name, func(header *elf.Section64) {
		header.Info = to
	}, "set info of section %s to %d", name, to)
}

// SectionLink sets a section's sh_link: of relocations, the index of the table of symbols; of
// symbols, that of their names.
func SectionLink(name string, to uint32) Edit {
	return onHeader(name, func(header *elf.Section64) {
		header.Link = to
	}, "link section %s to section %d", name, to)
}

// SetBytes puts other bytes at an offset of a section, over those that are there.
func SetBytes(name string, at int, bytes ...byte) Edit {
	return onSection(name, func(s *section) error {
		if at < 0 || at+len(bytes) > len(s.data) {
			return tooShort(s.data)
		}
		copy(s.data[at:], bytes)
		return nil
	}, "set bytes of section %s at %#x to %x", name, at, bytes)
}

// CompressSection compresses a section's contents with zlib and says so in its flags, as a tool
// chain does when it is told to. No other edit takes such a file apart, so it comes last.
func CompressSection(name string) Edit {
	return onFile(func(f *file) error {
		s, err := f.section(name)
		if err != nil {
			return err
		}
		var out bytes.Buffer
		out.Write(f.write(elf.Chdr64{
			Type: uint32(elf.COMPRESS_ZLIB), Size: uint64(len(s.data)), Addralign: s.Addralign,
		}))
		w := zlib.NewWriter(&out)
		if _, err := w.Write(s.data); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		s.data = out.Bytes()
		s.Flags |= uint64(elf.SHF_COMPRESSED)
		return nil
	}, "compress section %s", name)
}

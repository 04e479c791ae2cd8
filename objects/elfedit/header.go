// SPDX-License-Identifier: Apache-2.0

package elfedit

import (
	"debug/elf"
	"fmt"
	"slices"
)

// Replace puts other contents in place of the file.
func Replace(what string, contents []byte) Edit {
	return onBytes(func([]byte) ([]byte, error) { return slices.Clone(contents), nil }, "replace by %s", what)
}

// Truncate keeps the first n bytes of the file.
func Truncate(n int) Edit {
	return onBytes(func(raw []byte) ([]byte, error) {
		if n >= len(raw) {
			return nil, tooShort(raw)
		}
		return raw[:n], nil
	}, "truncate to %d bytes", n)
}

// Half keeps the first half of the file. Clang writes the section headers last, so they are gone.
func Half() Edit {
	return onBytes(func(raw []byte) ([]byte, error) {
		if len(raw) < 2 {
			return nil, tooShort(raw)
		}
		return raw[:len(raw)/2], nil
	}, "truncate to half")
}

// tooShort returns the error of an edit that needs more than these bytes.
func tooShort(bytes []byte) error { return fmt.Errorf("it has %d bytes", len(bytes)) }

// Machine says that the object is for another machine.
func Machine(m elf.Machine) Edit {
	return onFile(func(f *file) error {
		f.header.Machine = uint16(m)
		return nil
	}, "say machine %v", m)
}

// FileType says that the file is of another type than a relocatable object.
func FileType(typ elf.Type) Edit {
	return onFile(func(f *file) error {
		f.header.Type = uint16(typ)
		return nil
	}, "say type %v", typ)
}

// Class says of how many bits the file is, and leaves everything else in it as it was.
func Class(class elf.Class) Edit {
	return onBytes(func(raw []byte) ([]byte, error) {
		if len(raw) <= elf.EI_CLASS {
			return nil, tooShort(raw)
		}
		raw[elf.EI_CLASS] = byte(class)
		return raw, nil
	}, "say class %v", class)
}

// onFileHeader returns an edit of the file's header, and of nothing else.
func onFileHeader(change func(header *elf.Header64), format string, args ...any) Edit {
	return onBytes(func(raw []byte) ([]byte, error) {
		f, err := parse(raw)
		if err != nil {
			return nil, err
		}
		change(&f.header)
		copy(raw, f.write(f.header))
		return raw, nil
	}, format, args...)
}

// SectionHeaders says that the section headers are at that offset of the file, without moving them.
func SectionHeaders(offset uint64) Edit {
	return onFileHeader(func(header *elf.Header64) {
		header.Shoff = offset
	}, "move section headers to %#x", offset)
}

// SectionCount says that the file has that many sections, in e_shnum. With 0 the size of section 0
// says how many there are.
func SectionCount(n uint16) Edit {
	return onFileHeader(func(header *elf.Header64) {
		header.Shnum = n
	}, "say there are %d sections", n)
}

// SectionNames says that the names of sections are in the section of that index, in e_shstrndx.
func SectionNames(index uint16) Edit {
	return onFileHeader(func(header *elf.Header64) {
		header.Shstrndx = index
	}, "say that section %d has the names of sections", index)
}

// SectionHeaderSize says that a section header has that size, in bytes, in e_shentsize.
func SectionHeaderSize(size uint16) Edit {
	return onFileHeader(func(header *elf.Header64) {
		header.Shentsize = size
	}, "make section headers of %d bytes", size)
}

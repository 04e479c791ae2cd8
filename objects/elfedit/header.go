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

// SectionHeaders says that the section headers are at that offset of the file, without moving them.
func SectionHeaders(offset uint64) Edit {
	return onBytes(func(raw []byte) ([]byte, error) {
		f, err := parse(raw)
		if err != nil {
			return nil, err
		}
		f.header.Shoff = offset
		copy(raw, f.write(f.header))
		return raw, nil
	}, "move section headers to %#x", offset)
}

// SPDX-License-Identifier: Apache-2.0

package check

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
)

// headerSize is that of a 64-bit ELF file: Elf64_Ehdr.
const headerSize = 64

// A fileHeader holds what an ELF file's first bytes say.
type fileHeader struct {
	object bool   // relocatable, for BPF
	size   uint64 // where the table of sections ends: at the end of what compilers make
}

// header reads the header of a 64-bit ELF file.
func header(data []byte) (h fileHeader, ok bool) {
	if len(data) < headerSize || !hasMagic(data) ||
		elf.Class(data[elf.EI_CLASS]) != elf.ELFCLASS64 {
		return h, false
	}
	var order binary.ByteOrder
	switch elf.Data(data[elf.EI_DATA]) {
	case elf.ELFDATA2LSB:
		order = binary.LittleEndian
	case elf.ELFDATA2MSB:
		order = binary.BigEndian
	default:
		return h, false
	}
	var in elf.Header64
	if err := binary.Read(bytes.NewReader(data[:headerSize]), order, &in); err != nil {
		return h, false
	}
	// Compilers up to clang 3.8 and some others wrote EM_NONE.
	h.object = elf.Type(in.Type) == elf.ET_REL && elf.Machine(in.Machine) == elf.EM_BPF
	h.size = in.Shoff + uint64(in.Shnum)*uint64(in.Shentsize)
	return h, in.Shoff >= headerSize && h.size > in.Shoff
}

// embedded returns the objects inside a file, in order: those of skeletons and of bpf2go lie in the
// data of an executable as they were compiled.
func embedded(data []byte) [][]byte {
	var found [][]byte
	for at := 0; ; {
		next := bytes.Index(data[at:], []byte(elf.ELFMAG))
		if next < 0 {
			return found
		}
		at += next
		object := objectAt(data[at:])
		if object == nil {
			at++
			continue
		}
		found = append(found, object)
		at += len(object)
	}
}

// objectAt returns the object that begins there; nil where none does.
func objectAt(data []byte) []byte {
	h, ok := header(data)
	if !ok || !h.object || h.size > uint64(len(data)) || h.size > MaxObject {
		return nil
	}
	size := h.size
	file, err := elf.NewFile(bytes.NewReader(data[:min(uint64(len(data)), MaxObject)]))
	if err != nil {
		return nil
	}
	defer file.Close()
	for _, s := range file.Sections { // the table is not at the end of what linkers wrote
		if s.Type != elf.SHT_NOBITS && s.Type != elf.SHT_NULL {
			if s.Offset+s.FileSize < s.Offset || s.Offset+s.FileSize > uint64(len(data)) {
				return nil
			}
			size = max(size, s.Offset+s.FileSize)
		}
	}
	return data[:size]
}

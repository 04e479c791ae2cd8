// SPDX-License-Identifier: Apache-2.0

package elfedit

import (
	"debug/elf"
	"fmt"
)

// Replace puts other contents in place of the file.
func Replace(what string, contents []byte) Edit {
	return Edit{
		does:  "replace by " + what,
		apply: func([]byte) ([]byte, error) { return append([]byte(nil), contents...), nil },
	}
}

// Truncate keeps the first n bytes of the file.
func Truncate(n int) Edit {
	return Edit{
		does: fmt.Sprintf("truncate to %d bytes", n),
		apply: func(raw []byte) ([]byte, error) {
			if n >= len(raw) {
				return nil, fmt.Errorf("it has %d bytes", len(raw))
			}
			return raw[:n], nil
		},
	}
}

// Half keeps the first half of the file. Clang writes the section headers last, so they are gone.
func Half() Edit {
	return Edit{
		does: "truncate to half",
		apply: func(raw []byte) ([]byte, error) {
			if len(raw) < 2 {
				return nil, fmt.Errorf("it has %d bytes", len(raw))
			}
			return raw[:len(raw)/2], nil
		},
	}
}

// Machine says that the object is for another machine.
func Machine(m elf.Machine) Edit {
	return onFile(func(f *file) error {
		f.header.Machine = uint16(m)
		return nil
	}, "say machine %v", m)
}

// SectionHeaders says that the section headers are at that offset of the file, without moving them.
func SectionHeaders(offset uint64) Edit {
	return Edit{
		does: fmt.Sprintf("move section headers to %#x", offset),
		apply: func(raw []byte) ([]byte, error) {
			f, err := parse(raw)
			if err != nil {
				return nil, err
			}
			f.header.Shoff = offset
			copy(raw, f.write(f.header))
			return raw, nil
		},
	}
}

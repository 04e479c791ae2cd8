// SPDX-License-Identifier: Apache-2.0

package elfedit

import (
	"fmt"
	"slices"
)

// Edit changes an object.
type Edit struct {
	does  string
	apply func(elf []byte) ([]byte, error)
}

// String says what the edit does, such as "drop section .BTF".
func (e Edit) String() string { return e.does }

// Apply makes the edits one after the other, on a copy. The error names the edit that does not fit.
func Apply(elf []byte, edits ...Edit) ([]byte, error) {
	elf = slices.Clone(elf)
	for _, e := range edits {
		var err error
		if elf, err = e.apply(elf); err != nil {
			return nil, fmt.Errorf("%s: %w", e, err)
		}
	}
	return elf, nil
}

// onBytes returns an edit of the file as it is.
func onBytes(change func(elf []byte) ([]byte, error), format string, args ...any) Edit {
	return Edit{does: fmt.Sprintf(format, args...), apply: change}
}

// onFile returns an edit of the file's parts.
func onFile(change func(*file) error, format string, args ...any) Edit {
	return onBytes(func(elf []byte) ([]byte, error) {
		f, err := parse(elf)
		if err != nil {
			return nil, err
		}
		if err := change(f); err != nil {
			return nil, err
		}
		return f.bytes(), nil
	}, format, args...)
}

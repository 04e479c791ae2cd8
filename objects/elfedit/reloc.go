// SPDX-License-Identifier: Apache-2.0

package elfedit

import (
	"fmt"
	"slices"
)

// MoveRelocation moves the first relocation of a section that names a symbol to another place, by that many bytes from its own.
func MoveRelocation(section, symbol string, by int64) Edit {
	return onFile(func(f *file) error {
		r, err := f.relocation(section, symbol)
		if err != nil {
			return err
		}
		r.offset += uint64(by)
		return nil
	}, "move relocation of %s to %s by %d", section, symbol, by)
}

// relocation is the first of a section that names a symbol.
func (f *file) relocation(section, symbol string) (*reloc, error) {
	for _, s := range f.sections {
		if s.info == nil || s.info.name != section {
			continue
		}
		i := slices.IndexFunc(s.relocs, func(r *reloc) bool { return r.symbol.name == symbol })
		if i >= 0 {
			return s.relocs[i], nil
		}
	}
	return nil, fmt.Errorf("no relocation of %s names %s", section, symbol)
}

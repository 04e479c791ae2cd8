// SPDX-License-Identifier: Apache-2.0

package typefile

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"sync"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A File holds the BTF of a file. Any number of loads may use it, also at a time; what it consists
// of is parsed once for each base in turn.
type File struct {
	Path      string
	raw       []byte
	distilled []byte // what raw goes on from, in short; nil where the file does not say

	mu     sync.Mutex
	base   *typeinfo.Types // that parsed goes on from; nil for none
	parsed *typeinfo.Types // nil until needed
}

// Read reads a file.
func Read(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", refuse.ErrReadTypes, err)
	}
	t := &File{Path: path, raw: data}
	if bytes.HasPrefix(data, []byte(elf.ELFMAG)) {
		f, err := elf.NewFile(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", refuse.ErrTypesELF, err)
		}
		if t.raw, err = section(f, typeinfo.Section); err != nil {
			return nil, err
		}
		if t.raw == nil {
			return nil, refuse.ErrNoBTF
		}
		if t.distilled, err = section(f, typeinfo.BaseSection); err != nil {
			return nil, err
		}
	}
	return t, typeinfo.CheckRecords(t.raw)
}

// section returns the bytes of a section, nil where there is none.
func section(f *elf.File, name string) ([]byte, error) {
	s := f.Section(name)
	if s == nil {
		return nil, nil
	}
	data, err := s.Data()
	if err != nil {
		return nil, fmt.Errorf("section %s: %w: %w", name, refuse.ErrTypesELF, err)
	}
	return data, nil
}

// Whole returns types that go on from none.
func (t *File) Whole() (*typeinfo.Types, error) {
	return t.parse(nil, func() (*typeinfo.Types, error) {
		if t.distilled != nil || typeinfo.GoesOn(t.raw) {
			return nil, refuse.ErrSplitTypes
		}
		return typeinfo.ParseWhole(t.raw)
	})
}

// On returns the types as they go on from a base's, or as they are if they are whole. The base's
// name is for errors.
func (t *File) On(name string, base *typeinfo.Types) (*typeinfo.Types, error) {
	return t.parse(base, func() (*typeinfo.Types, error) {
		types, err := typeinfo.ParseGiven(t.raw, t.distilled, base)
		if err != nil {
			return nil, fmt.Errorf("on %s: %w", name, err)
		}
		return types, nil
	})
}

// parse keeps what it parsed last.
func (t *File) parse(base *typeinfo.Types, parse func() (*typeinfo.Types, error)) (
	*typeinfo.Types, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.parsed != nil && t.base == base {
		return t.parsed, nil
	}
	parsed, err := parse()
	if err != nil {
		return nil, refuse.At(refuse.StageRelocate, "", "", fmt.Errorf("%s: %w", t.Path, err))
	}
	t.base, t.parsed = base, parsed
	return parsed, nil
}

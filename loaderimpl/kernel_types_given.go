// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/core"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// Types hold BTF of a file, for CO-RE: a kernel's, or more that programs may ask for. One value may
// be given to any number of loads, also at a time; what it is made of is read once.
type Types struct {
	name      string // path of the file, for errors
	raw       []byte
	distilled []byte // what raw goes on from, in short; nil where the file does not say

	mu     sync.Mutex
	base   *typeinfo.Types // that parsed goes on from; nil for none
	parsed *typeinfo.Types // nil until needed
}

// ReadTypes reads the BTF of a file: a raw one, as in /sys/kernel/btf, or section .BTF of an ELF
// file, as a kernel, a module or an object has it. Whether it is whole or goes on from a kernel's
// types (split BTF) is found when it is used. An ELF file may hold in section .BTF.base what it
// needs of those types, and then fits kernels of other builds.
//
// Errors are of type *[Error]: of [ClassIO], of [ClassBTFMissing] for an ELF file without BTF, of
// [ClassELF] or of [ClassBTF].
func ReadTypes(path string) (*Types, error) {
	name := filepath.Base(path)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, export(name, refuse.At(refuse.StageOpen, "", "",
			fmt.Errorf("%w: %w", refuse.ErrReadTypes, err)))
	}
	t, err := typesOf(path, data)
	if err != nil {
		return nil, export(name, refuse.At(refuse.StageOpen, typeinfo.Section, "", err))
	}
	return t, nil
}

// typesOf reads the BTF of a file's bytes.
func typesOf(name string, data []byte) (*Types, error) {
	t := &Types{name: name, raw: data}
	if bytes.HasPrefix(data, []byte(elf.ELFMAG)) {
		f, err := elf.NewFile(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", refuse.ErrTypesELF, err)
		}
		if t.raw, err = elfSection(f, typeinfo.Section); err != nil {
			return nil, err
		}
		if t.raw == nil {
			return nil, refuse.ErrNoBTF
		}
		if t.distilled, err = elfSection(f, typeinfo.BaseSection); err != nil {
			return nil, err
		}
	}
	return t, typeinfo.CheckRecords(t.raw)
}

// elfSection returns the bytes of a section, nil where there is none.
func elfSection(f *elf.File, name string) ([]byte, error) {
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

// whole returns types that go on from none.
func (t *Types) whole() (*typeinfo.Types, error) {
	return t.parse(nil, func() (*typeinfo.Types, error) {
		if t.distilled != nil || typeinfo.GoesOn(t.raw) {
			return nil, refuse.ErrSplitTypes
		}
		return typeinfo.ParseWhole(t.raw)
	})
}

// on returns the types as they go on from a kernel's, or as they are if they are whole.
func (t *Types) on(kernel core.Source) (*typeinfo.Types, error) {
	return t.parse(kernel.Types, func() (*typeinfo.Types, error) {
		types, err := typeinfo.ParseGiven(t.raw, t.distilled, kernel.Types)
		if err != nil {
			return nil, fmt.Errorf("on %s: %w", kernel.Name, err)
		}
		return types, nil
	})
}

// parse keeps what it parsed last.
func (t *Types) parse(base *typeinfo.Types, parse func() (*typeinfo.Types, error)) (
	*typeinfo.Types, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.parsed != nil && t.base == base {
		return t.parsed, nil
	}
	parsed, err := parse()
	if err != nil {
		return nil, refuse.At(refuse.StageRelocate, "", "", fmt.Errorf("%s: %w", t.name, err))
	}
	t.base, t.parsed = base, parsed
	return parsed, nil
}

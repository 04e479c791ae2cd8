// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/cilium/ebpf/btf"
)

// Names of the sections that hold type information.
const (
	btfSection    = ".BTF"
	btfExtSection = ".BTF.ext"
)

const btfMagic = 0xeb9f

// parseBTF reads an object's types. It returns nil where there are none.
func parseBTF(f *file) (*btf.Spec, error) {
	s := f.named(btfSection)
	if s == nil || len(s.data) == 0 {
		return nil, nil
	}
	if len(s.data) < 4 || f.order.Uint16(s.data) != btfMagic {
		return nil, fmt.Errorf("no BTF header in the object's byte order: %w", ErrBTF)
	}
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(s.data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBTF, err)
	}
	return spec, nil
}

// datasec is the BTF of a section's variables, or nil if BTF has none.
func datasec(spec *btf.Spec, name string) (*btf.Datasec, error) {
	if spec == nil {
		return nil, nil
	}
	found, err := spec.AnyTypesByName(name)
	if errors.Is(err, btf.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBTF, err)
	}
	var sec *btf.Datasec
	for _, t := range found {
		d, ok := t.(*btf.Datasec)
		switch {
		case !ok:
		case sec != nil:
			return nil, fmt.Errorf("two lists of variables for section %s: %w", name, ErrBTF)
		default:
			sec = d
		}
	}
	return sec, nil
}

// A variable is what BTF and the symbol table together say of one variable.
type variable struct {
	name   string
	typ    *btf.Var
	offset uint64 // in its section, bytes
	size   uint32 // of its type, bytes
}

// variables pairs a section's BTF with its symbols, in the order of offsets. Offsets of global variables come from the symbols: in BTF they
// are left for linkers to fill in, and bpf_linker leaves them wrong where a variable was extern in one of its inputs (libbpf to 1.7.0).
// Static variables need not have a name of their own; the compiler writes their offsets.
func variables(s *section, sec *btf.Datasec) ([]variable, error) {
	byName := make(map[string]*symbol, len(s.symbols))
	for _, y := range s.symbols {
		byName[y.name] = y
	}
	list := make([]variable, 0, len(sec.Vars))
	for _, info := range sec.Vars {
		t, ok := info.Type.(*btf.Var)
		if !ok {
			return nil, fmt.Errorf("%v is no variable: %w", info.Type, ErrBTF)
		}
		v := variable{name: t.Name, typ: t, offset: uint64(info.Offset), size: info.Size}
		if t.Linkage != btf.StaticVar {
			y := byName[t.Name]
			if y == nil {
				return nil, at(StageDefine, s.name, t.Name, fmt.Errorf("variable without a symbol, or with that of another: %w", ErrBTF))
			}
			v.offset = y.value
			delete(byName, t.Name)
		}
		if v.offset > s.size || uint64(v.size) > s.size-v.offset {
			return nil, at(StageDefine, s.name, t.Name,
				fmt.Errorf("variable of %d bytes at %d of a section of %d: %w", v.size, v.offset, s.size, ErrBTF))
		}
		list = append(list, v)
	}
	slices.SortStableFunc(list, func(a, b variable) int { return cmp.Compare(a.offset, b.offset) })
	return list, nil
}

// checkExt walks .BTF.ext (Documentation/bpf/btf.rst, "The .BTF.ext Section"), so that what is wrong there is said when the object is opened.
func checkExt(f *file) error {
	s := f.named(btfExtSection)
	if s == nil || len(s.data) == 0 {
		return nil
	}
	const minHeader, coreHeader = 24, 32
	d := s.data
	if len(d) < minHeader || f.order.Uint16(d) != btfMagic || d[2] != 1 {
		return fmt.Errorf("header: %w", ErrBTF)
	}
	header := uint64(f.order.Uint32(d[4:]))
	if header < minHeader || header > uint64(len(d)) {
		return fmt.Errorf("header of %d bytes: %w", header, ErrBTF)
	}
	parts := []struct {
		name   string
		at     int
		record uint32 // least size of a record, bytes
	}{{"func_info", 8, 8}, {"line_info", 16, 16}, {"core_relo", 24, 16}}
	for _, p := range parts {
		if p.at == minHeader && header < coreHeader {
			break
		}
		off, size := uint64(f.order.Uint32(d[p.at:])), uint64(f.order.Uint32(d[p.at+4:]))
		if off > uint64(len(d))-header || size > uint64(len(d))-header-off {
			return fmt.Errorf("%s: %d bytes at %d: %w", p.name, size, off, ErrBTF)
		}
		if err := f.checkExtPart(d[header+off:header+off+size], p.record); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// checkExtPart walks one part of .BTF.ext: the size of a record, then for each section its name, a count, and so many records that start
// with an offset of an instruction in bytes.
func (f *file) checkExtPart(d []byte, least uint32) error {
	if len(d) == 0 {
		return nil
	}
	if len(d) < 4 {
		return fmt.Errorf("no size of records: %w", ErrBTF)
	}
	record := f.order.Uint32(d)
	if record < least || record > 256 || record%4 != 0 {
		return fmt.Errorf("records of %d bytes: %w", record, ErrBTF)
	}
	for d = d[4:]; len(d) > 0; {
		if len(d) < 8 {
			return fmt.Errorf("%d bytes left over: %w", len(d), ErrBTF)
		}
		n := uint64(f.order.Uint32(d[4:]))
		d = d[8:]
		if n == 0 || n > uint64(len(d))/uint64(record) {
			return fmt.Errorf("%d records of %d bytes in %d: %w", n, record, len(d), ErrBTF)
		}
		for range n {
			if off := f.order.Uint32(d); off%insnSize != 0 {
				return fmt.Errorf("instruction at byte %d: %w", off, ErrBTF)
			}
			d = d[record:]
		}
	}
	return nil
}

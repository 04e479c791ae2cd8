// SPDX-License-Identifier: Apache-2.0

package typeinfo

import (
	"fmt"
	"sort"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// An Ext holds what .BTF.ext says of instructions (Documentation/bpf/btf.rst, "The .BTF.ext
// Section"): which function starts there, which source line they come from, and which of them
// depend on the layout of the kernel's types. It is nil for an object without.
type Ext struct {
	Funcs, Lines, CORE Part
}

// Sizes of records, in bytes, as the kernel knows them. Those in an object may be longer.
const (
	FuncInfoSize = 8
	LineInfoSize = 16
	coreSize     = 16
)

// A Part holds one kind of records: for each section, records of one size whose first word is the
// offset of an instruction in its section, in bytes.
type Part struct {
	Size     int // of a record, bytes
	Sections map[string][]byte
}

// ParseExt reads .BTF.ext. It returns nil where there is none.
func ParseExt(f *objfile.File, t *Types) (*Ext, error) {
	s := f.Named(ExtSection)
	if s == nil || len(s.Data) == 0 || t == nil {
		return nil, nil
	}
	const coreHeaderSize = 32
	d := s.Data
	if len(d) < btfHeaderSize || f.Order.Uint16(d) != btfMagic || d[2] != 1 {
		return nil, fmt.Errorf("no header of version 1: %w", refuse.ErrBTF)
	}
	header := uint64(f.Order.Uint32(d[4:]))
	if header < btfHeaderSize || header > uint64(len(d)) {
		return nil, fmt.Errorf("header of %d bytes: %w", header, refuse.ErrBTF)
	}
	var ext Ext
	for _, p := range []struct {
		name  string
		at    uint64 // of offset and length in the header
		least int
		part  *Part
	}{{"functions", 8, FuncInfoSize, &ext.Funcs}, {"lines", 16, LineInfoSize, &ext.Lines},
		{"CO-RE relocations", 24, coreSize, &ext.CORE}} {
		if p.at == btfHeaderSize && header < coreHeaderSize {
			break
		}
		off, size := uint64(f.Order.Uint32(d[p.at:])), uint64(f.Order.Uint32(d[p.at+4:]))
		if off > uint64(len(d))-header || size > uint64(len(d))-header-off {
			return nil, fmt.Errorf("%s: %d bytes at %d: %w", p.name, size, off, refuse.ErrBTF)
		}
		if err := p.part.parse(f, t, d[header+off:header+off+size], p.least); err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return &ext, nil
}

// parse reads one part: the size of a record, then for each section its name, a count, and so many
// records.
func (p *Part) parse(f *objfile.File, t *Types, d []byte, least int) error {
	p.Sections = make(map[string][]byte)
	if len(d) == 0 {
		return nil
	}
	if len(d) < 4 {
		return fmt.Errorf("no size of records: %w", refuse.ErrBTF)
	}
	const most = 256
	if n := f.Order.Uint32(d); n < uint32(least) || n > most || n%4 != 0 {
		return fmt.Errorf("records of %d bytes: %w", n, refuse.ErrBTF)
	}
	p.Size = int(f.Order.Uint32(d))
	for d = d[4:]; len(d) > 0; {
		if len(d) < 8 {
			return fmt.Errorf("%d bytes left over: %w", len(d), refuse.ErrBTF)
		}
		name, err := t.name(f.Order.Uint32(d))
		if err != nil {
			return err
		}
		n := uint64(f.Order.Uint32(d[4:]))
		d = d[8:]
		if n == 0 || n > uint64(len(d)/p.Size) || p.Sections[name] != nil {
			return fmt.Errorf("%d records of %d bytes in %d for section %q: %w", n, p.Size, len(d),
				name, refuse.ErrBTF)
		}
		records := d[:int(n)*p.Size]
		if err := p.check(f, records); err != nil {
			return fmt.Errorf("section %s: %w", name, err)
		}
		p.Sections[name], d = records, d[len(records):]
	}
	return nil
}

// check refuses records of a section that are not at instructions, in order.
func (p *Part) check(f *objfile.File, records []byte) error {
	last := int64(-1)
	for ; len(records) > 0; records = records[p.Size:] {
		off := f.Order.Uint32(records)
		if off%objfile.InsnSize != 0 || int64(off) < last {
			return fmt.Errorf("instruction at byte %d, after %d: %w", off, last, refuse.ErrBTF)
		}
		last = int64(off)
	}
	return nil
}

// In returns the records of the code of so many bytes at an offset of a section.
func (p *Part) In(order objfile.ByteOrder, section string, offset, size uint64) []byte {
	records := p.Sections[section]
	insn := func(i int) uint64 { return uint64(order.Uint32(records[i*p.Size:])) }
	n := 0
	if p.Size > 0 {
		n = len(records) / p.Size
	}
	from := sort.Search(n, func(i int) bool { return insn(i) >= offset })
	to := sort.Search(n, func(i int) bool { return insn(i) >= offset+size })
	return records[from*p.Size : to*p.Size]
}

// HasCORE reports whether a section has CO-RE relocations.
func (e *Ext) HasCORE(section string) bool {
	return e != nil && e.CORE.Sections[section] != nil
}

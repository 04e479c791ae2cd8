// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"fmt"
	"sort"
)

// extInfo is what .BTF.ext says of instructions (Documentation/bpf/btf.rst, "The .BTF.ext Section"): which function starts there, which
// source line they come from, and which of them depend on the layout of the kernel's types. An object without has a nil extInfo.
type extInfo struct {
	funcs, lines, fixes extPart
}

// Sizes of records, in bytes, as the kernel knows them. Those in an object may be longer.
const (
	funcInfoSize = 8
	lineInfoSize = 16
	coreSize     = 16
)

// extPart is one kind of records: for each section, records of one size whose first word is the place of an instruction in its section, in
// bytes.
type extPart struct {
	size     int // of a record, bytes
	sections map[string][]byte
}

// parseExt reads .BTF.ext. It returns nil where there is none.
func parseExt(f *file, t *types) (*extInfo, error) {
	s := f.named(btfExtSection)
	if s == nil || len(s.data) == 0 || t == nil {
		return nil, nil
	}
	const coreHeaderSize = 32
	d := s.data
	if len(d) < btfHeaderSize || f.order.Uint16(d) != btfMagic || d[2] != 1 {
		return nil, fmt.Errorf("no header of version 1: %w", ErrBTF)
	}
	header := uint64(f.order.Uint32(d[4:]))
	if header < btfHeaderSize || header > uint64(len(d)) {
		return nil, fmt.Errorf("header of %d bytes: %w", header, ErrBTF)
	}
	var ext extInfo
	for _, p := range []struct {
		name  string
		at    uint64 // of offset and length in the header
		least int
		part  *extPart
	}{{"functions", 8, funcInfoSize, &ext.funcs}, {"lines", 16, lineInfoSize, &ext.lines}, {"CO-RE relocations", 24, coreSize, &ext.fixes}} {
		if p.at == btfHeaderSize && header < coreHeaderSize {
			break
		}
		off, size := uint64(f.order.Uint32(d[p.at:])), uint64(f.order.Uint32(d[p.at+4:]))
		if off > uint64(len(d))-header || size > uint64(len(d))-header-off {
			return nil, fmt.Errorf("%s: %d bytes at %d: %w", p.name, size, off, ErrBTF)
		}
		if err := p.part.parse(f, t, d[header+off:header+off+size], p.least); err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return &ext, nil
}

// parse reads one part: the size of a record, then for each section its name, a count, and so many records.
func (p *extPart) parse(f *file, t *types, d []byte, least int) error {
	p.sections = make(map[string][]byte)
	if len(d) == 0 {
		return nil
	}
	if len(d) < 4 {
		return fmt.Errorf("no size of records: %w", ErrBTF)
	}
	const most = 256
	if n := f.order.Uint32(d); n < uint32(least) || n > most || n%4 != 0 {
		return fmt.Errorf("records of %d bytes: %w", n, ErrBTF)
	}
	p.size = int(f.order.Uint32(d))
	for d = d[4:]; len(d) > 0; {
		if len(d) < 8 {
			return fmt.Errorf("%d bytes left over: %w", len(d), ErrBTF)
		}
		name, err := t.name(f.order.Uint32(d))
		if err != nil {
			return err
		}
		n := uint64(f.order.Uint32(d[4:]))
		d = d[8:]
		if n == 0 || n > uint64(len(d)/p.size) || p.sections[name] != nil {
			return fmt.Errorf("%d records of %d bytes in %d for section %q: %w", n, p.size, len(d), name, ErrBTF)
		}
		records := d[:int(n)*p.size]
		if err := p.check(f, records); err != nil {
			return fmt.Errorf("section %s: %w", name, err)
		}
		p.sections[name], d = records, d[len(records):]
	}
	return nil
}

// check holds the records of a section to places of instructions, in order.
func (p *extPart) check(f *file, records []byte) error {
	last := int64(-1)
	for ; len(records) > 0; records = records[p.size:] {
		off := f.order.Uint32(records)
		if off%insnSize != 0 || int64(off) < last {
			return fmt.Errorf("instruction at byte %d, after %d: %w", off, last, ErrBTF)
		}
		last = int64(off)
	}
	return nil
}

// of are the records of one function: the part of its section's that lies in it.
func (p *extPart) of(f *file, fn *function) []byte {
	records := p.sections[fn.section.name]
	place := func(i int) uint64 { return uint64(f.order.Uint32(records[i*p.size:])) }
	n := 0
	if p.size > 0 {
		n = len(records) / p.size
	}
	from := sort.Search(n, func(i int) bool { return place(i) >= fn.offset })
	to := sort.Search(n, func(i int) bool { return place(i) >= fn.offset+uint64(len(fn.code)) })
	return records[from*p.size : to*p.size]
}

// fits reports whether a function's section has CO-RE relocations.
func (e *extInfo) fits(fn *function) bool {
	return e != nil && e.fixes.sections[fn.section.name] != nil
}

// kernelInfo are the records of a part for a whole program, as the kernel takes them: in its sizes, with places counted in instructions of the
// program. It is nil if a function of the program does not start with a record, as the kernel takes all or nothing (check_btf_func,
// check_btf_line).
func (b *body) kernelInfo(o *Object, p *extPart, size int) []byte {
	var out []byte
	order := o.file.order
	for _, i := range b.order {
		fn := &o.functions[i]
		records := p.of(o.file, fn)
		if len(records) == 0 || uint64(order.Uint32(records)) != fn.offset {
			return nil
		}
		for ; len(records) > 0; records = records[p.size:] {
			place := b.starts[i] + uint32((uint64(order.Uint32(records))-fn.offset)/insnSize)
			out = order.AppendUint32(out, place)
			out = append(out, records[4:size]...)
		}
	}
	return out
}

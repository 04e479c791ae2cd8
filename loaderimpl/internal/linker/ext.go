// SPDX-License-Identifier: Apache-2.0

package linker

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/linker/dedup"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// Words of records in .BTF.ext, by their place in bytes (struct bpf_func_info, bpf_line_info,
// bpf_core_relo): the first of each is an offset of an instruction.
const (
	funcType = 4

	lineFile = 4
	lineText = 8

	coreType   = 4
	coreAccess = 8
	coreKind   = 12
)

// An extPart is one of the kinds of records that .BTF.ext has.
type extPart struct {
	name           string
	of             func(*typeinfo.Ext) *typeinfo.Part
	types, strings []int // words of a record that are types and strings, by place in bytes
	core           bool
}

var extParts = []extPart{
	{name: "functions", of: func(e *typeinfo.Ext) *typeinfo.Part { return &e.Funcs },
		types: []int{funcType}},
	{name: "lines", of: func(e *typeinfo.Ext) *typeinfo.Part { return &e.Lines },
		strings: []int{lineFile, lineText}},
	{name: "CO-RE relocations", of: func(e *typeinfo.Ext) *typeinfo.Part { return &e.CORE },
		types: []int{coreType}, strings: []int{coreAccess}, core: true},
}

// joinExt writes .BTF.ext: the records of all objects, for each section in the order of its parts.
// It returns nil where there are none.
func (l *linkage) joinExt(b *dedup.BTF) []byte {
	const headerSize = 32
	var body []byte
	header := l.order.AppendUint16(nil, 0xeb9f)
	header = append(header, 1, 0)
	header = l.order.AppendUint32(header, headerSize)
	for i := range extParts {
		part := l.joinPart(&extParts[i], b)
		header = l.order.AppendUint32(header, uint32(len(body)))
		header = l.order.AppendUint32(header, uint32(len(part)))
		body = append(body, part...)
	}
	if len(body) == 0 {
		return nil
	}
	return append(header, body...)
}

// joinPart writes the records of one kind: their size, then for each section its name, their
// number, and they themselves.
func (l *linkage) joinPart(e *extPart, b *dedup.BTF) []byte {
	size := 0
	var first *object
	for _, o := range l.objects {
		if o.ext == nil || e.of(o.ext).Size == 0 {
			continue
		}
		n := e.of(o.ext).Size
		if size != 0 && n != size {
			l.problems.add(o, typeinfo.ExtSection, "", fmt.Errorf("%s: %d bytes, and %d in %s: %w",
				e.name, n, size, first.name, refuse.ErrOtherRecords))
			return nil
		}
		if size == 0 {
			size, first = n, o
		}
		l.checkSections(o, e)
	}
	var out []byte
	for _, s := range l.sections {
		var records []byte
		for _, p := range s.parts {
			if p.object.ext == nil {
				continue
			}
			more, err := l.moveRecords(e, b, s, p)
			l.problems.add(p.object, typeinfo.ExtSection, "", err)
			records = append(records, more...)
		}
		if len(records) == 0 {
			continue
		}
		if out == nil {
			out = l.order.AppendUint32(nil, uint32(size))
		}
		out = l.order.AppendUint32(out, b.String(s.name))
		out = l.order.AppendUint32(out, uint32(len(records)/size))
		out = append(out, records...)
	}
	return out
}

// checkSections refuses records of sections that the object does not have.
func (l *linkage) checkSections(o *object, e *extPart) {
	for name := range e.of(o.ext).Sections {
		if s := o.compiled(name); s == nil || o.places[s.Index].to == nil {
			l.problems.add(o, typeinfo.ExtSection, "", fmt.Errorf(
				"%s of section %q, which is not linked: %w", e.name, name, refuse.ErrBTF))
		}
	}
}

// moveRecords returns the records of a part of a section, with places, types and strings as the
// output has them. Those of functions that lost are left out with nothing to be about.
func (l *linkage) moveRecords(e *extPart, b *dedup.BTF, s *section, p part) ([]byte, error) {
	from := e.of(p.object.ext)
	records := from.Sections[p.object.compiledName(p.source)]
	out := make([]byte, 0, len(records))
	for ; len(records) > 0; records = records[from.Size:] {
		offset := uint64(l.order.Uint32(records))
		if offset >= p.source.Size {
			return nil, fmt.Errorf("%s: byte %d of section %s of %d: %w", e.name, offset, s.name,
				p.source.Size, refuse.ErrBTF)
		}
		if p.object.isDead(p.source.Index, offset) {
			continue
		}
		r := append(out[len(out):len(out):cap(out)], records[:from.Size]...)
		out = out[:len(out)+from.Size]
		l.order.PutUint32(r, uint32(p.offset+offset))
		for _, at := range e.types {
			id := btf.TypeID(l.order.Uint32(r[at:]))
			if uint32(id) >= p.object.types.Count() {
				return nil, fmt.Errorf("%s: type %d of %d: %w", e.name, id,
					p.object.types.Count()-1, refuse.ErrBTF)
			}
			l.order.PutUint32(r[at:], uint32(b.ID(p.object.inGraph(id))))
		}
		for _, at := range e.strings {
			text, err := p.object.types.String(l.order.Uint32(r[at:]))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", e.name, err)
			}
			l.order.PutUint32(r[at:], b.String(text))
		}
		if e.core {
			l.patchID(r, s)
		}
	}
	return out, nil
}

// isDead reports whether a place in a section is in a function that lost.
func (o *object) isDead(section int, offset uint64) bool {
	i, at := slices.BinarySearchFunc(o.dead, span{section: section, start: offset},
		func(a, b span) int {
			return cmp.Or(cmp.Compare(a.section, b.section), cmp.Compare(a.start, b.start))
		})
	if at {
		return offset < o.dead[i].end
	}
	return i > 0 && o.dead[i-1].section == section && offset < o.dead[i-1].end
}

// Kinds of CO-RE relocations (enum bpf_core_relo_kind, include/uapi/linux/bpf.h).
const (
	coreTypeIDLocal  = 6
	coreTypeIDTarget = 7
)

// Instructions that take a number of 32 bits, or 64 in two halves (include/uapi/linux/bpf.h).
const (
	opLoad64 = 0x18
	opMov32  = 0xb4
	opMov64  = 0xb7
)

// patchID has an instruction that loads the number of one of the object's types load the number
// that the type has now. Other linkers leave the old one.
func (l *linkage) patchID(r []byte, s *section) {
	kind := l.order.Uint32(r[coreKind:])
	if kind != coreTypeIDLocal && kind != coreTypeIDTarget {
		return
	}
	insn := s.data[l.order.Uint32(r):]
	if len(insn) < objfile.InsnSize {
		return
	}
	switch insn[0] {
	case opLoad64, opMov32, opMov64:
		l.order.PutUint32(insn[4:], l.order.Uint32(r[coreType:]))
	}
}

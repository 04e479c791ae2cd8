// SPDX-License-Identifier: Apache-2.0

package linker

import (
	"debug/elf"
	"slices"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
)

// cutDead takes the code of functions that lost out of its objects, and places what is left. A
// loader that counts instructions function by function, as cilium/ebpf 0.22 does, would take what
// .BTF.ext says of one function for another's where code lies between them that is no function.
func (l *linkage) cutDead() {
	lost := make(map[*object]map[uint32]bool)
	for _, g := range l.globals {
		for i, m := range g.mentions {
			if m.defines() && i != g.winner && m.source.Kind == elf.STT_FUNC {
				if lost[m.object] == nil {
					lost[m.object] = make(map[uint32]bool)
				}
				lost[m.object][uint32(m.index)] = true
			}
		}
	}
	if len(lost) == 0 {
		return
	}
	for _, o := range l.objects {
		for i := range o.file.Sections {
			c := cut{object: o, section: &o.file.Sections[i], lost: lost[o]}
			for _, d := range o.dead {
				if d.section == i {
					c.spans = append(c.spans, d)
				}
			}
			if len(c.spans) > 0 && c.plan() {
				c.apply()
			}
		}
		o.dead = nil
	}
	l.placeAgain()
}

// placeAgain places sections that have become smaller, and what is in them. They stay in the order
// of their first appearance, also where nothing is left of that, so that linking in steps gives the
// order of linking at once.
func (l *linkage) placeAgain() {
	l.sections = slices.DeleteFunc(l.sections, func(s *section) bool {
		s.size, s.align = 0, 1
		s.parts = slices.DeleteFunc(s.parts, func(p part) bool {
			gone := leftOut(p.source)
			if gone {
				p.object.places[p.source.Index] = place{}
			}
			return gone
		})
		for i := range s.parts {
			p := &s.parts[i]
			align := max(1, p.source.Align)
			p.offset = (s.size + align - 1) &^ (align - 1)
			s.size, s.align = p.offset+p.source.Size, max(s.align, align)
			p.object.places[p.source.Index].offset = p.offset
		}
		if len(s.parts) == 0 {
			delete(l.byName, s.name)
		}
		return len(s.parts) == 0
	})
	for _, o := range l.objects {
		for i, y := range o.symbols {
			source := &o.file.Symbols[i]
			if y == nil || source.Bind != elf.STB_LOCAL || y.kind == elf.STT_SECTION {
				continue
			}
			if where := o.places[source.Section]; where.to != nil {
				y.value = where.offset + source.Value
			} else {
				o.symbols[i] = nil
			}
		}
	}
	for _, g := range l.globals {
		if g.winner >= 0 {
			w := &g.mentions[g.winner]
			g.symbol.value = w.object.places[w.source.Section].offset + w.source.Value
		}
	}
}

// A cut takes dead code out of a section.
type cut struct {
	object  *object
	section *objfile.Section
	spans   []span          // the dead code, in order
	lost    map[uint32]bool // symbols of functions that lost
	moves   []move
	owned   []*objfile.Section // whose bytes are not the caller's
}

// own makes the bytes of a section the linker's, which may be changed.
func (c *cut) own(s *objfile.Section) {
	if !slices.Contains(c.owned, s) {
		c.owned, s.Data = append(c.owned, s), slices.Clone(s.Data)
	}
}

// A move changes a number that counts from one place of the section to another.
type move struct {
	field field
	by    int64 // bytes
}

// kept returns where a byte of the section is without the dead code before it.
func (c *cut) kept(offset uint64) uint64 {
	at := offset
	for _, d := range c.spans {
		if d.start >= offset {
			break
		}
		at -= min(d.end, offset) - d.start
	}
	return at
}

// isDead reports whether a byte of the section is in dead code.
func (c *cut) isDead(offset uint64) bool {
	return slices.ContainsFunc(c.spans, func(d span) bool {
		return d.start <= offset && offset < d.end
	})
}

// plan notes what moves, and reports whether the dead code can go: it is whole instructions,
// nothing else has its bytes, and what is alive neither refers to it nor jumps over it.
func (c *cut) plan() bool {
	s := c.section
	for _, d := range c.spans {
		if s.Type != elf.SHT_PROGBITS || s.Flags&elf.SHF_EXECINSTR == 0 || d.end > s.Size ||
			d.start >= d.end || (d.start|d.end)%objfile.InsnSize != 0 {
			return false
		}
	}
	for i := range c.object.file.Symbols {
		y := &c.object.file.Symbols[i]
		label := y.Bind == elf.STB_LOCAL && y.Kind == elf.STT_NOTYPE || y.Kind == elf.STT_SECTION
		if int(y.Section) != s.Index || label || c.lost[uint32(i)] {
			continue
		}
		if slices.ContainsFunc(c.spans, func(d span) bool {
			return y.Value < d.end && d.start < y.Value+max(1, y.Size)
		}) {
			return false
		}
	}
	relocated, ok := c.planRelocations()
	return ok && c.planCode(relocated)
}

// planRelocations looks at what the object's relocations refer to in the section. It returns which
// bytes of the section have one.
func (c *cut) planRelocations() (relocated map[uint64]bool, ok bool) {
	relocated = make(map[uint64]bool)
	for i := range c.object.file.Sections {
		in := &c.object.file.Sections[i]
		if leftOut(in) {
			continue
		}
		relocs, err := c.object.file.Relocations(in)
		if err != nil {
			return nil, false
		}
		for _, r := range relocs {
			if in == c.section {
				relocated[r.Offset] = true
			}
			y := &c.object.file.Symbols[r.Symbol]
			if r.Type == objfile.RelocNone || int(y.Section) != c.section.Index ||
				c.lost[r.Symbol] || in == c.section && c.isDead(r.Offset) {
				continue
			}
			f, err := fieldOf(&section{flags: in.Flags, data: in.Data}, part{source: in}, r)
			if err != nil {
				return nil, false
			}
			target := y.Value + uint64(f.value(c.object.file.Order))
			if c.isDead(target) || c.isDead(y.Value) && y.Kind != elf.STT_SECTION {
				return nil, false
			}
			from := y.Value
			if y.Kind != elf.STT_SECTION {
				from = c.kept(from)
			}
			if by := int64(c.kept(target)-from) - int64(target-y.Value); by != 0 {
				c.own(in)
				if f, err = fieldOf(&section{flags: in.Flags, data: in.Data}, part{source: in},
					r); err != nil {
					return nil, false
				}
				c.moves = append(c.moves, move{f, by})
			}
		}
	}
	return relocated, true
}

// Parts of instructions (include/uapi/linux/bpf.h).
const (
	opExit       = 0x95
	opCall       = 0x85
	opCallReg    = 0x8d
	opJump32     = 0x06
	classJump    = 5
	classJump32  = 6
	sourceLocal  = 1 // of a call: a function of the same section (BPF_PSEUDO_CALL)
	sourceFunc   = 4 // of a 64-bit load: such a function's address (BPF_PSEUDO_FUNC)
	classOfInsns = 7 // mask
)

// planCode looks at where the code that is alive jumps to, and what it calls without a relocation.
func (c *cut) planCode(relocated map[uint64]bool) bool {
	s, order := c.section, c.object.file.Order
	for at := uint64(0); at+objfile.InsnSize <= uint64(len(s.Data)); at += objfile.InsnSize {
		insn := s.Data[at : at+objfile.InsnSize]
		source := insn[1] >> 4
		if !littleEndian(order) {
			source = insn[1] & 0xf
		}
		op, class := insn[0], insn[0]&classOfInsns
		switch {
		case op == opLoad64:
			if source == sourceFunc && !relocated[at] && !c.isDead(at) {
				return false
			}
			at += objfile.InsnSize // its second half
			continue
		case c.isDead(at) || class != classJump && class != classJump32 || op == opExit ||
			op == opCallReg:
			continue
		case op == opCall:
			if source != sourceLocal || relocated[at] {
				continue
			}
			f := field{insn[4:], true}
			target := uint64(int64(at) + f.value(order))
			if target >= s.Size || c.isDead(target) {
				return false
			}
			if by := int64(c.kept(target)-c.kept(at)) - int64(target-at); by != 0 {
				c.own(s)
				f.data = s.Data[at+4 : at+objfile.InsnSize]
				c.moves = append(c.moves, move{f, by})
			}
			continue
		}
		by := int64(int16(order.Uint16(insn[2:])))
		if op == opJump32 {
			by = int64(int32(order.Uint32(insn[4:])))
		}
		target := uint64(int64(at) + (by+1)*objfile.InsnSize)
		if target >= s.Size || c.isDead(target) || c.kept(target)-c.kept(at) != target-at {
			return false
		}
	}
	return true
}

// littleEndian reports whether the least byte of a number comes first.
func littleEndian(order objfile.ByteOrder) bool { return order.Uint16([]byte{1, 0}) == 1 }

// apply takes the dead code out.
func (c *cut) apply() {
	s, order := c.section, c.object.file.Order
	for _, m := range c.moves {
		by := m.by
		if m.field.call {
			by /= objfile.InsnSize
		}
		if len(m.field.data) == 8 {
			order.PutUint64(m.field.data, order.Uint64(m.field.data)+uint64(by))
			continue
		}
		order.PutUint32(m.field.data, order.Uint32(m.field.data)+uint32(by))
	}
	c.moveRecords()
	c.moveSymbols()
	if s.Relocs != nil {
		relocs := *s.Relocs
		relocs.Data = c.records(relocs.Data, relocSize, func(r []byte) uint64 {
			return order.Uint64(r)
		}, func(r []byte, at uint64) { order.PutUint64(r, at) })
		relocs.Size = uint64(len(relocs.Data))
		s.Relocs = &relocs
	}
	var data []byte
	from := uint64(0)
	for _, d := range c.spans {
		data = append(data, s.Data[from:d.start]...)
		from = d.end
	}
	s.Data = append(data, s.Data[from:]...)
	s.Size = uint64(len(s.Data))
}

// relocSize is the size of a relocation in the file, bytes (Elf64_Rel).
const relocSize = 16

// moveSymbols moves the symbols of the section. Functions that lost are declared only, and labels
// in them are of nothing.
func (c *cut) moveSymbols() {
	s, all := c.section, c.object.file.Symbols
	for i := range all {
		y := &all[i]
		switch {
		case int(y.Section) != s.Index:
		case c.lost[uint32(i)], c.isDead(y.Value) && y.Kind != elf.STT_SECTION:
			y.Section, y.Value, y.Size = elf.SHN_UNDEF, 0, 0
		default:
			y.Value = c.kept(y.Value)
		}
	}
	empty := c.kept(s.Size) == 0
	s.Symbols = slices.DeleteFunc(s.Symbols, func(y *objfile.Symbol) bool {
		return int(y.Section) != s.Index || empty && y.Kind == elf.STT_SECTION
	})
}

// moveRecords moves what .BTF.ext says of the section, and leaves out what is of dead code.
func (c *cut) moveRecords() {
	if c.object.ext == nil {
		return
	}
	order, name := c.object.file.Order, c.object.compiledName(c.section)
	for i := range extParts {
		p := extParts[i].of(c.object.ext)
		records := p.Sections[name]
		if len(records) == 0 {
			continue
		}
		p.Sections[name] = c.records(records, p.Size, func(r []byte) uint64 {
			return uint64(order.Uint32(r))
		}, func(r []byte, at uint64) { order.PutUint32(r, uint32(at)) })
		if len(p.Sections[name]) == 0 {
			delete(p.Sections, name)
		}
	}
}

// records returns those of a list that are not of dead code, each with its place as it is then.
func (c *cut) records(all []byte, size int, at func([]byte) uint64,
	put func([]byte, uint64)) []byte {
	out := make([]byte, 0, len(all))
	for ; len(all) >= size; all = all[size:] {
		if c.isDead(at(all)) {
			continue
		}
		out = append(out, all[:size]...)
		r := out[len(out)-size:]
		put(r, c.kept(at(r)))
	}
	return out
}

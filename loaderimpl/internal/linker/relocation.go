// SPDX-License-Identifier: Apache-2.0

package linker

import (
	"bytes"
	"debug/elf"
	"fmt"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// A relocation of the output.
type relocation struct {
	offset uint64
	symbol *symbol
	kind   uint32 // R_BPF_...
}

// joinCode writes the bytes of sections and what ties them to symbols.
func (l *linkage) joinCode() {
	for _, s := range l.sections {
		if s.kind == elf.SHT_NOBITS {
			for _, p := range s.parts {
				if p.source.Relocs != nil && p.source.Relocs.Size > 0 {
					l.problems.add(p.object, s.name, "",
						fmt.Errorf("relocations of nothing: %w", refuse.ErrRelocation))
				}
			}
			continue
		}
		s.data = make([]byte, s.size)
		for _, p := range s.parts {
			copy(s.data[p.offset:], p.source.Data)
			l.problems.add(p.object, s.name, "", l.relocate(s, p))
		}
	}
}

// relocate moves the relocations of a part. A symbol of a section stands for another place now, so
// what is added to it grows.
func (l *linkage) relocate(s *section, p part) error {
	relocs, err := p.object.file.Relocations(p.source)
	if err != nil {
		return err
	}
	for _, r := range relocs {
		if r.Type == objfile.RelocNone {
			continue
		}
		y := &p.object.file.Symbols[r.Symbol]
		to := p.object.symbols[r.Symbol]
		if to == nil {
			return fmt.Errorf("at byte %d: symbol %d (%s) is of nothing that is linked: %w",
				r.Offset, r.Symbol, y.Name, refuse.ErrRelocation)
		}
		add := uint64(0)
		if y.Kind == elf.STT_SECTION {
			where := p.object.places[y.Section]
			if add = where.offset; where.same {
				add = 0
			}
		}
		f, err := fieldOf(s, p, r)
		if err == nil {
			err = l.checkAddend(p.object, y, f)
		}
		if err == nil {
			err = f.add(l.order, add)
		}
		if err != nil {
			return refuse.At(refuse.StageLink, s.name, y.Name,
				fmt.Errorf("at byte %d: %w", r.Offset, err))
		}
		to.used = true
		s.relocs = append(s.relocs, relocation{p.offset + r.Offset, to, r.Type})
	}
	return nil
}

// A field is what a relocation changes: a number that is added to its symbol.
type field struct {
	data []byte // of the number
	call bool   // it counts instructions, from the one after the call
}

// fieldOf returns the field of a relocation. LLVM before 13 wrote R_BPF_64_64 for 64-bit loads and
// for pointers in data alike.
func fieldOf(s *section, p part, r objfile.Relocation) (field, error) {
	at, size := r.Offset, uint64(8)
	call := false
	switch {
	case r.Type == objfile.Reloc64 && s.isCode():
		at, size = r.Offset+4, 4
		if r.Offset%objfile.InsnSize != 0 || p.source.Size-r.Offset < 2*objfile.InsnSize {
			return field{}, fmt.Errorf("no 64-bit load: %w", refuse.ErrRelocation)
		}
	case r.Type == objfile.RelocCall && s.isCode():
		at, size, call = r.Offset+4, 4, true
		if r.Offset%objfile.InsnSize != 0 {
			return field{}, fmt.Errorf("no instruction: %w", refuse.ErrRelocation)
		}
	case s.isCode():
		return field{}, fmt.Errorf("relocation of type %d in code: %w", r.Type,
			refuse.ErrRelocation)
	case r.Type == objfile.RelocAbs32:
		size = 4
	case r.Type == objfile.RelocAbs64, r.Type == objfile.Reloc64:
	default:
		return field{}, fmt.Errorf("relocation of type %d in data: %w", r.Type,
			refuse.ErrRelocation)
	}
	if at > p.source.Size || size > p.source.Size-at {
		return field{}, fmt.Errorf("%d bytes at %d of %d: %w", size, at, p.source.Size,
			refuse.ErrRelocation)
	}
	return field{s.data[p.offset+at : p.offset+at+size], call}, nil
}

// value returns the number in bytes, from the start of what the relocation is of.
func (f field) value(order objfile.ByteOrder) int64 {
	switch {
	case f.call:
		return (int64(int32(order.Uint32(f.data))) + 1) * objfile.InsnSize
	case len(f.data) == 4:
		return int64(int32(order.Uint32(f.data)))
	}
	return int64(order.Uint64(f.data))
}

// add adds so many bytes.
func (f field) add(order objfile.ByteOrder, n uint64) error {
	switch {
	case n == 0:
	case len(f.data) == 8:
		order.PutUint64(f.data, order.Uint64(f.data)+n)
	default:
		if f.call {
			n /= objfile.InsnSize
		}
		sum := int64(int32(order.Uint32(f.data))) + int64(n)
		if sum != int64(int32(sum)) {
			return fmt.Errorf("%d does not fit 32 bits: %w", sum, refuse.ErrRelocation)
		}
		order.PutUint32(f.data, uint32(sum))
	}
	return nil
}

// checkAddend refuses what the GNU assembler up to 2.40 wrote: the symbol's value, added to the
// symbol. A loader sees it by the compiler's name in section .comment, which linking leaves out.
func (l *linkage) checkAddend(o *object, y *objfile.Symbol, f field) error {
	n := f.value(l.order)
	if n == 0 || y.Kind == elf.STT_SECTION || uint64(n) != y.Value || y.Section == elf.SHN_UNDEF {
		return nil
	}
	if c := o.file.Named(".comment"); c != nil && bytes.Contains(c.Data, []byte("GCC:")) {
		return fmt.Errorf("%d bytes into %s: %w", n, y.Name, refuse.ErrAddend)
	}
	return nil
}

// SPDX-License-Identifier: Apache-2.0

package linker

import (
	"bytes"
	"debug/elf"
	"fmt"
	"math"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// A section of the output.
type section struct {
	name    string
	kind    elf.SectionType
	flags   elf.SectionFlag
	entSize uint64
	align   uint64
	size    uint64 // bytes
	from    *object
	parts   []part
	data    []byte // nil for one without bytes in the file
	relocs  []relocation

	index  uint16  // in the output
	symbol *symbol // of the section itself
}

// A part of a section is that of one object.
type part struct {
	object *object
	source *objfile.Section
	offset uint64
}

// placeSections joins sections of one name: each object's follows the last one's, aligned as it
// asks.
func (l *linkage) placeSections() {
	for _, o := range l.objects {
		o.places = make([]place, len(o.file.Sections))
		for i := range o.file.Sections {
			if s := &o.file.Sections[i]; !leftOut(s) {
				where, err := l.place(o, s)
				l.problems.add(o, s.Name, "", err)
				o.places[i] = where
			}
		}
	}
	total := uint64(0)
	for _, s := range l.sections {
		if s.kind == elf.SHT_NOBITS {
			continue
		}
		if total += s.size; total > objfile.MaxSize {
			l.problems.add(s.from, s.name, "", fmt.Errorf("%d bytes or more, at most %d: %w", total,
				objfile.MaxSize, refuse.ErrLinkLarge))
			return
		}
	}
	if len(l.sections) > maxSections {
		l.problems.add(l.objects[0], "", "", fmt.Errorf("%d sections, at most %d: %w",
			len(l.sections), maxSections, refuse.ErrLinkLarge))
	}
}

// maxSections limits the sections that are joined. Each may have relocations, and there are a few
// more; their numbers stay below those that ELF reserves.
const maxSections = (int(elf.SHN_LORESERVE) - 8) / 2

// place finds room for a section of an object. Where it finds none, it says all the same in which
// section it was to be, so that only what else is wrong with its symbols is reported.
func (l *linkage) place(o *object, s *objfile.Section) (place, error) {
	to := l.byName[s.Name]
	if to == nil {
		to = &section{name: s.Name, kind: s.Type, flags: s.Flags, entSize: s.EntSize, align: 1,
			from: o}
		to.symbol = &symbol{kind: elf.STT_SECTION, section: to}
		l.byName[s.Name] = to
		l.sections = append(l.sections, to)
	} else if err := to.takes(s); err != nil {
		return place{to: to}, err
	}
	if isSame(s.Name) && len(to.parts) > 0 {
		if first := to.parts[0].source; !bytes.Equal(first.Data, s.Data) || first.Size != s.Size {
			return place{to: to, same: true}, fmt.Errorf("%q, and %q in %s: %w", text(s.Data),
				text(first.Data), to.from.name, refuse.ErrOtherContents)
		}
		return place{to: to, same: true}, nil
	}
	align := max(1, s.Align)
	offset := (to.size + align - 1) &^ (align - 1)
	// What is in no file may be large, but BTF and the kernel count bytes of data with 32 bits.
	if offset < to.size || offset > math.MaxUint32 || s.Size > math.MaxUint32-offset {
		return place{to: to}, fmt.Errorf("%d bytes after %d, aligned to %d: %w", s.Size, to.size, align,
			refuse.ErrLinkLarge)
	}
	to.align = max(to.align, align)
	to.size = offset + s.Size
	to.parts = append(to.parts, part{o, s, offset})
	return place{to: to, offset: offset}, nil
}

// takes refuses a section that cannot follow the others of its name.
func (s *section) takes(other *objfile.Section) error {
	for _, c := range []struct {
		what          string
		here, before  any
		contradictory bool
	}{
		{"type", other.Type, s.kind, other.Type != s.kind},
		{"flags", other.Flags, s.flags, other.Flags != s.flags},
		{"record size", other.EntSize, s.entSize, other.EntSize != s.entSize},
	} {
		if c.contradictory {
			return fmt.Errorf("%s %v, and %v in %s: %w", c.what, c.here, c.before, s.from.name,
				refuse.ErrOtherKind)
		}
	}
	return nil
}

// isSame reports whether a section is one for all programs of an object, and so the same in all
// objects that become one.
func isSame(name string) bool { return name == "license" || name == "version" }

// text returns what a section says, for errors.
func text(data []byte) []byte {
	const most = 64
	return bytes.TrimRight(data[:min(len(data), most)], "\x00")
}

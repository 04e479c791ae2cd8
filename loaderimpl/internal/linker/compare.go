// SPDX-License-Identifier: Apache-2.0

package linker

import (
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// mapsSection holds maps that are defined by the types of variables.
const mapsSection = ".maps"

// compare refuses names that two objects speak of and do not mean alike. Each mention is compared
// with the one that wins, so their order does not matter.
func (l *linkage) compare() {
	for _, g := range l.globals {
		with := g.typed()
		if with == nil && len(g.mentions) > 1 {
			with = &g.mentions[0]
		}
		for i := range g.mentions {
			m := &g.mentions[i]
			if with != nil && m.contends(with) {
				continue // two definitions of one name, which is all that there is to say
			}
			if m != with && with != nil {
				l.problems.add(m.object, m.sectionName(), g.name, agree(g.name, m, with))
			} else if !m.defines() && m.types.id == 0 {
				l.problems.add(m.object, "", g.name, fmt.Errorf("extern: %w", refuse.ErrNoTypes))
			}
		}
	}
}

// contends reports whether both are definitions of which only one can be.
func (m *mention) contends(with *mention) bool {
	return m != with && m.defines() && m.strong() && with.defines() && with.strong()
}

// agree refuses two mentions of a name that are not of one thing.
func agree(name string, m, with *mention) error {
	beside := func(err error) error {
		if err == nil {
			return nil
		}
		return fmt.Errorf("in %s and %s: %w", m.object.name, with.object.name, err)
	}
	for _, side := range []*mention{m, with} {
		if side.types.id == 0 {
			return beside(fmt.Errorf("%s has no BTF of it: %w", side.object.name,
				refuse.ErrNoTypes))
		}
	}
	here, there := m.sectionName(), with.sectionName()
	switch {
	case m.types.kind != with.types.kind:
		return beside(fmt.Errorf("%v and %v: %w", m.types.kind, with.types.kind,
			refuse.ErrTypesConflict))
	// A declaration without a section is of whatever section the definition is in.
	case here != there && here != "" && there != "":
		return beside(fmt.Errorf("sections %s and %s: %w", here, there, refuse.ErrOtherSection))
	}
	mine, err := m.target()
	if err != nil {
		return err
	}
	theirs, err := with.target()
	if err != nil {
		return beside(err)
	}
	c := comparison{a: m.object.types, b: with.object.types}
	if here == mapsSection && there == mapsSection {
		return beside(c.maps(name, mine, theirs))
	}
	if here == optionsSection {
		if err := c.options(mine, theirs); err != nil {
			return beside(err)
		}
	}
	return beside(c.types(mine, theirs, wholly, 0))
}

// optionsSection declares options of the kernel's configuration. A loader stores what the type
// asks for: y is 1 in a boolean, and 'y' in a character.
const optionsSection = ".kconfig"

// options refuses to have one of two types that are alike stand for an option of the other, where
// a loader would store another value.
func (c *comparison) options(a, b btf.TypeID) error {
	_, ra, err := c.a.Plain(a)
	if err != nil {
		return err
	}
	_, rb, err := c.b.Plain(b)
	if err != nil {
		return err
	}
	const boolean = 1 << 2 // BTF_INT_BOOL
	if ra.Kind == typeinfo.KindInt && rb.Kind == typeinfo.KindInt &&
		(c.a.Word(ra.Data)^c.b.Word(rb.Data))>>24&boolean != 0 {
		return differ("%s and %s", ra.Name, rb.Name)
	}
	return nil
}

// target returns the type of a variable or function.
func (m *mention) target() (btf.TypeID, error) {
	r, err := m.object.types.Type(m.types.id)
	return r.Target(), err
}

// maps refuses definitions of two maps.
func (c *comparison) maps(name string, a, b btf.TypeID) error {
	da, err := mapdef.Declared(c.a, name, a)
	if err != nil {
		return err
	}
	db, err := mapdef.Declared(c.b, name, b)
	if err != nil {
		return err
	}
	return c.definitions(da, db, "")
}

// definitions compares all that definitions say. The texts of errors begin with where they are.
func (c *comparison) definitions(a, b *mapdef.Definition, where string) error {
	for _, f := range []struct {
		what string
		a, b uint64
	}{
		{"type", uint64(a.Type), uint64(b.Type)},
		{"key_size", uint64(a.KeySize), uint64(b.KeySize)},
		{"value_size", uint64(a.ValueSize), uint64(b.ValueSize)},
		{"max_entries", uint64(a.MaxEntries), uint64(b.MaxEntries)},
		{"map_flags", uint64(a.Flags), uint64(b.Flags)},
		{"map_extra", a.MapExtra, b.MapExtra},
		{"numa_node", uint64(a.NumaNode), uint64(b.NumaNode)},
		{"pinning", number(a.PinByName), number(b.PinByName)},
		{"number of unknown fields", uint64(len(a.Unknown)), uint64(len(b.Unknown))},
	} {
		if f.a != f.b {
			return fmt.Errorf("%s%s %d and %d: %w", where, f.what, f.a, f.b, refuse.ErrMapsConflict)
		}
	}
	for _, t := range []struct {
		what string
		a, b btf.TypeID
	}{{"key", a.Key, b.Key}, {"value", a.Value, b.Value}} {
		if (t.a == 0) != (t.b == 0) {
			return fmt.Errorf("%stype of the %s in one of them only: %w", where, t.what,
				refuse.ErrMapsConflict)
		}
		if err := c.types(t.a, t.b, wholly, 0); err != nil {
			return fmt.Errorf("%s%s: %w: %w", where, t.what, refuse.ErrMapsConflict, err)
		}
	}
	for i, f := range a.Unknown {
		if f.Name != b.Unknown[i].Name {
			return fmt.Errorf("%sfields %s and %s: %w", where, f.Name, b.Unknown[i].Name,
				refuse.ErrMapsConflict)
		}
		if err := c.types(f.Type, b.Unknown[i].Type, wholly, 0); err != nil {
			return fmt.Errorf("%sfield %s: %w: %w", where, f.Name, refuse.ErrMapsConflict, err)
		}
	}
	if (a.Inner == nil) != (b.Inner == nil) {
		return fmt.Errorf("%sinner map in one of them only: %w", where, refuse.ErrMapsConflict)
	}
	if a.Inner == nil {
		return nil
	}
	return c.definitions(a.Inner, b.Inner, where+"inner map: ")
}

func number(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// depth limits how far types are followed, whatever BTF's cycles.
const depth = 1000

var errDepth = fmt.Errorf("more than %d types deep: %w", depth, refuse.ErrBTF)

// kindOf returns what a forward declaration declares, for errors and comparisons.
func kindOf(r *typeinfo.Record) typeinfo.Kind {
	if r.Kind == typeinfo.KindEnum64 {
		return typeinfo.KindEnum
	}
	return r.Kind
}

// SPDX-License-Identifier: Apache-2.0

package linker

import (
	"cmp"
	"debug/elf"
	"fmt"
	"slices"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// A symbol of the output.
type symbol struct {
	name    string
	bind    elf.SymBind
	kind    elf.SymType
	hidden  bool
	section *section // nil for an extern
	value   uint64   // offset in its section, bytes
	size    uint64   // bytes

	used  bool   // a relocation refers to it
	index uint32 // in the output
}

// A global is a name that objects share.
type global struct {
	name     string
	mentions []mention
	winner   int // index of the mention that defines it; -1 for none
	symbol   *symbol
}

// A mention of a name is an object's definition or declaration of it.
type mention struct {
	object *object
	source *objfile.Symbol
	index  int // of the symbol
	types  declaration
}

func (m *mention) defines() bool { return m.source.Section != elf.SHN_UNDEF }
func (m *mention) strong() bool  { return m.source.Bind == elf.STB_GLOBAL }

// sectionName returns the name of the section that a mention says the name is in; empty for none.
func (m *mention) sectionName() string {
	if m.defines() {
		return m.object.file.Sections[m.source.Section].Name
	}
	return m.types.section
}

// mentionSymbols gives each symbol of each object what stands for it in the output. Names that are
// global stand for the one definition that wins: a strong one, or else the first weak one.
func (l *linkage) mentionSymbols() {
	for _, o := range l.objects {
		o.symbols = make([]*symbol, len(o.file.Symbols))
		for i := range o.file.Symbols {
			y := &o.file.Symbols[i]
			switch {
			case i == 0 || y.Kind == elf.STT_FILE:
			case y.Bind == elf.STB_LOCAL:
				o.symbols[i] = o.local(y)
			default:
				l.mention(o, i, y)
			}
		}
	}
	for _, g := range l.globals {
		g.winner = -1
		for i := range g.mentions {
			l.settle(g, i)
		}
		g.symbol = g.output()
		for _, m := range g.mentions {
			m.object.symbols[m.index] = g.symbol
		}
	}
	for _, o := range l.objects {
		o.dead = joined(o.dead)
	}
}

// joined returns spans in order, with those that overlap in one. It changes the list.
func joined(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.section, b.section), cmp.Compare(a.start, b.start))
	})
	out := spans[:0]
	for _, s := range spans {
		if n := len(out); n > 0 && out[n-1].section == s.section && s.start <= out[n-1].end {
			out[n-1].end = max(out[n-1].end, s.end)
			continue
		}
		out = append(out, s)
	}
	return out
}

// local returns what stands for a symbol that no other object can name, nil for nothing.
func (o *object) local(y *objfile.Symbol) *symbol {
	if y.Section >= elf.SHN_LORESERVE {
		return nil
	}
	where := o.places[y.Section]
	switch {
	case where.to == nil:
		return nil
	case y.Kind == elf.STT_SECTION:
		return where.to.symbol
	case where.same:
		return nil
	}
	return &symbol{name: y.Name, kind: y.Kind, section: where.to, value: where.offset + y.Value,
		size: y.Size}
}

// mention notes that an object names a global symbol.
func (l *linkage) mention(o *object, i int, y *objfile.Symbol) {
	d, known := o.declared[y.Name]
	if known {
		d.used = true
		o.declared[y.Name] = d
	}
	if y.Section != elf.SHN_UNDEF {
		switch where := o.places[y.Section]; {
		case where.same:
			// The other object's symbol is that of the same bytes.
			o.unused = append(o.unused, d.id)
			return
		case where.to == nil:
			l.problems.add(o, o.file.Sections[y.Section].Name, y.Name,
				fmt.Errorf("global, in a section that is not linked: %w", refuse.ErrSection))
			return
		}
	}
	if known && d.repeated {
		l.problems.add(o, "", y.Name, fmt.Errorf("BTF has two of that name: %w", refuse.ErrBTF))
		return
	}
	g := l.named[y.Name]
	if g == nil {
		g = &global{name: y.Name}
		l.named[y.Name] = g
		l.globals = append(l.globals, g)
	}
	g.mentions = append(g.mentions, mention{o, y, i, d})
}

// settle has one mention more contend for the definition. A definition's strength is its own:
// whatever declares it, a weak one gives way to a strong one of an object that is linked later.
func (l *linkage) settle(g *global, i int) {
	m := &g.mentions[i]
	if !m.defines() {
		return
	}
	if g.winner < 0 {
		g.winner = i
		return
	}
	w := &g.mentions[g.winner]
	loser := m
	switch {
	case m.strong() && w.strong():
		l.problems.add(m.object, m.sectionName(), g.name, fmt.Errorf("defined in %s too: %w",
			w.object.name, refuse.ErrTwice))
		return
	case m.strong():
		g.winner, loser = i, w
	}
	if loser.source.Kind == elf.STT_FUNC {
		loser.object.dead = append(loser.object.dead, span{int(loser.source.Section),
			loser.source.Value, loser.source.Value + loser.source.Size})
	}
}

// output returns the symbol of a name. It is hidden if one mention hides it, and what nothing
// defines is weak if all who use it can do without.
func (g *global) output() *symbol {
	y := &symbol{name: g.name, bind: elf.STB_WEAK}
	for i := range g.mentions {
		m := &g.mentions[i]
		y.hidden = y.hidden || m.source.Hidden
		if g.winner < 0 && m.strong() {
			y.bind = elf.STB_GLOBAL
		}
	}
	if g.winner < 0 {
		return y
	}
	w := &g.mentions[g.winner]
	where := w.object.places[w.source.Section]
	y.bind, y.kind, y.section = w.source.Bind, w.source.Kind, where.to
	y.value, y.size = where.offset+w.source.Value, w.source.Size
	return y
}

// typed returns the mention whose types are the output's: the winner, or the first that has types;
// nil for none.
func (g *global) typed() *mention {
	if g.winner >= 0 {
		return &g.mentions[g.winner]
	}
	for i := range g.mentions {
		if g.mentions[i].types.id != 0 {
			return &g.mentions[i]
		}
	}
	return nil
}

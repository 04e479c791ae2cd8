// SPDX-License-Identifier: Apache-2.0

package linker

import (
	"cmp"
	"debug/elf"
	"fmt"
	"slices"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/linker/dedup"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// lists hold the variables of sections, in the order in which sections first had some.
type lists struct {
	order  []string
	byName map[string]*list
}

// A list holds variables of a section: those that are there, and those that are declared only.
type list struct {
	defined, extern []dedup.Listed
}

func (l *lists) of(section string) *list {
	if l.byName == nil {
		l.byName = make(map[string]*list)
	}
	found := l.byName[section]
	if found == nil {
		found = &list{}
		l.byName[section] = found
		l.order = append(l.order, section)
	}
	return found
}

// joinTypes puts the types of all objects into one graph, where one declaration stands for all of
// a name, and lists the variables of sections as the output has them.
func (l *linkage) joinTypes() {
	for _, o := range l.objects {
		if o.types == nil {
			continue
		}
		var err error
		if o.first, err = l.graph.Add(o.types, o.file.Order); err != nil {
			l.problems.add(o, typeinfo.Section, "", err)
			return
		}
	}
	l.dropUnused()
	for _, g := range l.globals {
		with := g.typed()
		for i := range g.mentions {
			if m := &g.mentions[i]; with != nil && m.types.id != 0 && with.types.id != 0 {
				l.graph.Replace(m.object.inGraph(m.types.id),
					with.object.inGraph(with.types.id))
			}
		}
	}
	for _, o := range l.objects {
		l.problems.add(o, typeinfo.Section, "", l.listVariables(o))
	}
	if len(l.problems) == 0 {
		l.addLists()
	}
}

// dropUnused leaves out declarations that no symbol goes with: compilers write them before they
// find that nothing is left that uses them.
func (l *linkage) dropUnused() {
	for _, o := range l.objects {
		for _, id := range o.unused {
			l.graph.Drop(o.inGraph(id))
		}
		for _, name := range o.names {
			switch d := o.declared[name]; {
			case d.used:
			case d.extern:
				l.graph.Drop(o.inGraph(d.id))
			default:
				l.problems.add(o, typeinfo.Section, name,
					fmt.Errorf("defined in BTF, and without a symbol: %w", refuse.ErrBTF))
			}
		}
	}
}

// inGraph returns the number of an object's type in the graph.
func (o *object) inGraph(id btf.TypeID) dedup.ID {
	if id == 0 {
		return 0
	}
	return o.first + dedup.ID(id) - 1
}

// listVariables lists an object's variables with the sections that they are in now.
func (l *linkage) listVariables(o *object) error {
	t := o.types
	for id := btf.TypeID(1); uint32(id) < t.Count(); id++ {
		sec, err := t.Type(id)
		if err != nil {
			return err
		}
		if sec.Kind != typeinfo.KindDatasec {
			continue
		}
		s := o.file.Named(sec.Name)
		if s != nil && leftOut(s) {
			s = nil
		}
		if s != nil && o.places[s.Index].same {
			if err := l.dropVariables(o, &sec); err != nil {
				return err
			}
			continue
		}
		for i := range sec.Vlen {
			if err := l.listVariable(o, s, &sec, i); err != nil {
				return refuse.At(refuse.StageLink, sec.Name, "", err)
			}
		}
	}
	return nil
}

// dropVariables leaves out the variables of a section whose bytes another object has, too.
func (l *linkage) dropVariables(o *object, sec *typeinfo.Record) error {
	for i := range sec.Vlen {
		v, err := o.types.Declared(sec, i)
		if err != nil {
			return err
		}
		if v.Static || v.Global {
			l.graph.Drop(o.inGraph(typeOf(o.types, sec, i)))
		}
	}
	return nil
}

// listVariable lists one variable, where it is the one that the output has of its name. The section
// is nil where the object has none of the list's name.
func (l *linkage) listVariable(o *object, s *objfile.Section, sec *typeinfo.Record, i int) error {
	v, err := o.types.Declared(sec, i)
	if err != nil {
		return err
	}
	id := typeOf(o.types, sec, i)
	if v.Static {
		return l.listStatic(o, s, sec, id, &v)
	}
	if l.graph.Dropped(o.inGraph(id)) {
		return nil // another one stands for it, or nothing uses it
	}
	g := l.named[v.Name]
	if g == nil {
		return refuse.At(refuse.StageLink, sec.Name, v.Name,
			fmt.Errorf("variable without a symbol: %w", refuse.ErrBTF))
	}
	m := g.typed()
	switch {
	case m == nil || m.object != o || m.types.id != id:
		return nil
	case g.winner < 0:
		list := l.lists.of(sec.Name)
		list.extern = append(list.extern, dedup.Listed{Type: o.inGraph(id), Offset: 0,
			Size: v.Size})
		return nil
	case s == nil || int(m.source.Section) != s.Index:
		return refuse.At(refuse.StageLink, sec.Name, v.Name,
			fmt.Errorf("variable of another section: %w", refuse.ErrBTF))
	}
	return l.listDefined(sec.Name, o, id, &v, s, m.source.Value)
}

// listStatic lists a variable that other objects cannot name. Its place is the compiler's word.
func (l *linkage) listStatic(o *object, s *objfile.Section, sec *typeinfo.Record, id btf.TypeID,
	v *typeinfo.Variable) error {
	if s == nil {
		return refuse.At(refuse.StageLink, sec.Name, v.Name,
			fmt.Errorf("variable of a section that is not linked: %w", refuse.ErrBTF))
	}
	return l.listDefined(sec.Name, o, id, v, s, v.Offset)
}

func (l *linkage) listDefined(section string, o *object, id btf.TypeID, v *typeinfo.Variable,
	s *objfile.Section, offset uint64) error {
	if offset > s.Size || uint64(v.Size) > s.Size-offset {
		return refuse.At(refuse.StageLink, section, v.Name,
			fmt.Errorf("variable of %d bytes at %d of a section of %d: %w", v.Size, offset, s.Size,
				refuse.ErrBTF))
	}
	list := l.lists.of(section)
	list.defined = append(list.defined, dedup.Listed{Type: o.inGraph(id),
		Offset: uint32(o.places[s.Index].offset + offset), Size: v.Size})
	return nil
}

// addLists writes the lists: of sections in their order, then of what is in no section.
func (l *linkage) addLists() {
	names := make([]string, 0, len(l.lists.order))
	for _, s := range l.sections {
		if l.lists.byName[s.name] != nil {
			names = append(names, s.name)
		}
	}
	for _, name := range l.lists.order {
		if l.byName[name] == nil {
			names = append(names, name)
		}
	}
	for _, name := range names {
		list, size := l.lists.byName[name], uint32(0)
		if s := l.byName[name]; s != nil {
			size = uint32(s.size)
		}
		slices.SortStableFunc(list.defined, func(a, b dedup.Listed) int {
			return cmp.Compare(a.Offset, b.Offset)
		})
		err := l.graph.AddList(name, size, append(list.defined, list.extern...))
		l.problems.add(l.objects[0], name, "", err)
	}
}

// isCode reports whether a section holds instructions.
func (s *section) isCode() bool { return s.flags&elf.SHF_EXECINSTR != 0 }

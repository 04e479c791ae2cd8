// SPDX-License-Identifier: Apache-2.0

package externs

import (
	"cmp"
	"debug/elf"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// Sections that BTF lists the kernel's variables and functions for. ELF has none of those names:
// what is extern is in no section.
const (
	ConfigSection = ".kconfig"
	SymbolSection = ".ksyms"
)

// A Kind says what an extern stands for.
type Kind uint8

// The kinds of externs.
const (
	Option   Kind = iota // a value of the kernel's configuration, in the map .kconfig
	Address              // the address of a symbol of the kernel's, which has no type
	Variable             // a variable of the kernel's, of a type
	Function             // a function of the kernel's that programs may call (kfunc)
)

// An Extern is what an object expects the kernel to have.
type Extern struct {
	Name string
	Kind Kind
	Weak bool       // the object can do without it
	Type btf.TypeID // of the variable or function, in the object's types; 0 for Address

	// Of an Option, where its value is in the map, in bytes.
	Offset, Size uint32

	value valueKind
	list  int // its place in BTF's list of the section
}

// Section returns the section that BTF lists the extern for.
func (e *Extern) Section() string {
	if e.Kind == Option {
		return ConfigSection
	}
	return SymbolSection
}

// A List holds an object's externs: options by their places in the map, then the rest by name.
type List struct {
	Externs []Extern

	ConfigSize uint32     // of the map of options, bytes; 0 for none
	ConfigType btf.TypeID // BTF's list of the options

	byName map[string]int
}

// Find lists the externs of an object. It refuses what is declared, defined nowhere and of no
// section of the kernel's: to the verifier it would be a null pointer at best. All such symbols are
// named.
func Find(f *objfile.File, types *typeinfo.Types) (*List, error) {
	l := &List{byName: make(map[string]int)}
	var nowhere []string
	var declared map[string]Extern
	for i := range f.Symbols {
		y := &f.Symbols[i]
		if y.Section != elf.SHN_UNDEF || y.Name == "" || y.Kind == elf.STT_FILE {
			continue
		}
		if declared == nil {
			var err error
			if declared, err = readLists(types); err != nil {
				return nil, err
			}
		}
		e, ofKernel := declared[y.Name]
		if !ofKernel {
			nowhere = append(nowhere, y.Name)
			continue
		}
		e.Weak = y.Bind == elf.STB_WEAK
		if at, twice := l.byName[y.Name]; twice {
			l.Externs[at].Weak = l.Externs[at].Weak && e.Weak
			continue
		}
		l.byName[y.Name] = len(l.Externs)
		l.Externs = append(l.Externs, e)
	}
	if len(nowhere) > 0 {
		return nil, refuse.At(refuse.StageResolve, "", nowhere[0],
			namesEach(nowhere, refuse.ErrExtern))
	}
	if err := l.checkAll(types); err != nil {
		return nil, err
	}
	return l, l.place(types)
}

// namesEach names all symbols that one reason is about, where there are several.
func namesEach(names []string, err error) error {
	if len(names) == 1 {
		return err
	}
	return fmt.Errorf("%s: %w", strings.Join(names, ", "), err)
}

// readLists reads what BTF lists for the two sections, by name.
func readLists(types *typeinfo.Types) (map[string]Extern, error) {
	found := make(map[string]Extern)
	for _, section := range []string{ConfigSection, SymbolSection} {
		id := types.Datasec(section)
		if id == 0 {
			continue
		}
		list, err := types.Type(id)
		if err != nil {
			return nil, refuse.At(refuse.StageResolve, section, "", err)
		}
		for i := range list.Vlen {
			v, err := types.Declared(&list, i)
			if err != nil {
				return nil, refuse.At(refuse.StageResolve, section, "", err)
			}
			e := Extern{Name: v.Name, Kind: Option, Type: v.Type, list: i}
			switch function := v.Function; {
			case section == ConfigSection && function:
				return nil, refuse.At(refuse.StageResolve, section, v.Name,
					fmt.Errorf("function: %w", refuse.ErrOptionType))
			case function:
				e.Kind = Function
			case section == SymbolSection:
				if e.Kind, err = symbolKind(types, v.Type); err != nil {
					return nil, refuse.At(refuse.StageResolve, section, v.Name, err)
				}
			}
			if _, twice := found[v.Name]; twice {
				return nil, refuse.At(refuse.StageResolve, section, v.Name, refuse.ErrDuplicate)
			}
			found[v.Name] = e
		}
	}
	return found, nil
}

// symbolKind tells a variable with a type from one without, which C calls void.
func symbolKind(types *typeinfo.Types, id btf.TypeID) (Kind, error) {
	_, r, err := types.Plain(id)
	if r.Kind == typeinfo.KindVoid {
		return Address, err
	}
	return Variable, err
}

// checkAll refuses options whose types or names no configuration has a value for.
func (l *List) checkAll(types *typeinfo.Types) error {
	var unknown []string
	for i := range l.Externs {
		e := &l.Externs[i]
		if e.Kind == Address {
			e.Type = 0
		}
		if e.Kind != Option {
			continue
		}
		var err error
		if e.value, err = valueKindOf(types, e.Type); err == nil {
			e.Size, err = types.SizeOf(e.Type)
		}
		if err != nil {
			return refuse.At(refuse.StageResolve, ConfigSection, e.Name, err)
		}
		if !e.ofConfig() && !e.ofLoader() && (!e.Weak || !strings.HasPrefix(e.Name, loaderPrefix)) {
			unknown = append(unknown, e.Name)
		}
	}
	if len(unknown) > 0 {
		return refuse.At(refuse.StageResolve, ConfigSection, unknown[0],
			namesEach(unknown, refuse.ErrOptionName))
	}
	return nil
}

// place gives each option its place in the map, as libbpf does (bpf_object__collect_externs): those
// that are aligned most come first, then the smaller, then by name.
func (l *List) place(types *typeinfo.Types) error {
	slices.SortFunc(l.Externs, func(a, b Extern) int {
		return cmp.Or(cmp.Compare(min(a.Kind, Address), min(b.Kind, Address)),
			cmp.Compare(b.align(), a.align()), cmp.Compare(a.Size, b.Size),
			cmp.Compare(a.Name, b.Name))
	})
	size := uint64(0)
	for i := range l.Externs {
		e := &l.Externs[i]
		l.byName[e.Name] = i
		if e.Kind != Option {
			continue
		}
		align := uint64(e.align())
		size = (size + align - 1) / align * align
		e.Offset = uint32(size)
		if size += uint64(e.Size); size > math.MaxInt32 {
			return refuse.At(refuse.StageResolve, ConfigSection, e.Name,
				fmt.Errorf("%d bytes of options: %w", size, refuse.ErrOptionType))
		}
	}
	if size > 0 {
		l.ConfigSize, l.ConfigType = uint32(size), types.Datasec(ConfigSection)
	}
	return nil
}

// align returns the bytes that the address of an option is a multiple of.
func (e *Extern) align() uint32 {
	switch {
	case e.Kind != Option:
		return 0
	case e.value == ofString:
		return 1
	}
	return e.Size
}

// Named returns the index of the extern of that name.
func (l *List) Named(name string) (int, bool) {
	i, found := l.byName[name]
	return i, found
}

// Options lists where the options are, for BTF's list of them: see [typeinfo.Types.ForKernel]. It
// is nil where there are none.
func (l *List) Options() *typeinfo.Placed {
	if l.ConfigSize == 0 {
		return nil
	}
	p := &typeinfo.Placed{Size: l.ConfigSize}
	for i := range l.Externs {
		if e := &l.Externs[i]; e.Kind == Option {
			p.Variables = append(p.Variables,
				typeinfo.PlacedVariable{Index: e.list, Offset: e.Offset, Size: e.Size})
		}
	}
	return p
}

// OptionAt returns the index of the option that a byte of the map belongs to.
func (l *List) OptionAt(offset uint32) (int, bool) {
	for i := range l.Externs {
		e := &l.Externs[i]
		if e.Kind == Option && offset >= e.Offset && offset-e.Offset < e.Size {
			return i, true
		}
	}
	return 0, false
}

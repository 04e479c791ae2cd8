// SPDX-License-Identifier: Apache-2.0

package linker

import (
	"debug/elf"
	"fmt"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/linker/dedup"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// An object holds one input, and where its parts went.
type object struct {
	name  string
	file  *objfile.File
	types *typeinfo.Types // nil without BTF
	ext   *typeinfo.Ext

	first    dedup.ID // number of its first type in the graph
	declared map[string]declaration
	names    []string         // of what is declared, in the order of types
	unused   []btf.TypeID     // declared again, or for bytes that are left out; 0 means nothing
	places   []place          // by section
	entry    *objfile.Section // whose code goes to .text; nil for none
	entryWas string           // its name in the object
	symbols  []*symbol        // by symbol: what stands for it in the output; nil for nothing
	dead     []span           // code of functions that lost, in order; none overlap
}

// A declaration says what BTF has of a variable or function that other objects can name.
type declaration struct {
	id       btf.TypeID
	kind     typeinfo.Kind
	extern   bool
	section  string // whose list of variables has it; empty for none
	size     uint32 // in that list, bytes
	repeated bool   // BTF has another definition of the name
	used     bool   // the object has a symbol of the name
}

// A place says where a section of an object went. It is nowhere for one that is left out.
type place struct {
	to     *section
	offset uint64
	same   bool // the bytes there are another object's, which are the same
}

// A span is a part of a section.
type span struct {
	section    int
	start, end uint64
}

// Values of linkage (BTF_VAR_..., BTF_FUNC_..., include/uapi/linux/btf.h).
const (
	linkageStatic = 0
	linkageGlobal = 1
	linkageExtern = 2
)

// read reads an object and checks what linking asks of it beyond what loading does.
func (o *object) read(data []byte) (err error) {
	if len(data) > objfile.MaxSize {
		return fmt.Errorf("%d bytes, at most %d: %w", len(data), objfile.MaxSize,
			refuse.ErrTooLarge)
	}
	if o.file, err = objfile.Parse(data); err != nil {
		return err
	}
	if o.types, err = typeinfo.Parse(o.file); err != nil {
		return refuse.At(refuse.StageLink, typeinfo.Section, "", err)
	}
	if o.types == nil && o.file.Named(typeinfo.ExtSection) != nil {
		return refuse.At(refuse.StageLink, typeinfo.ExtSection, "",
			fmt.Errorf("no %s beside it: %w", typeinfo.Section, refuse.ErrBTF))
	}
	if o.ext, err = typeinfo.ParseExt(o.file, o.types); err != nil {
		return refuse.At(refuse.StageLink, typeinfo.ExtSection, "", err)
	}
	for i := range o.file.Symbols {
		y := &o.file.Symbols[i]
		if err := checkSymbol(i, y); err != nil {
			return refuse.At(refuse.StageLink, "", y.Name, fmt.Errorf("symbol %d: %w", i, err))
		}
	}
	if err := o.checkSections(); err != nil {
		return err
	}
	return refuse.At(refuse.StageLink, typeinfo.Section, "", o.declare())
}

// checkSymbol refuses symbols of which nothing says how to link them.
func checkSymbol(i int, y *objfile.Symbol) error {
	undefined := y.Section == elf.SHN_UNDEF
	switch {
	case i == 0 && *y != (objfile.Symbol{}):
		return fmt.Errorf("the first one is not empty: %w", refuse.ErrELF)
	case i == 0:
		return nil
	case y.Bind > elf.STB_WEAK:
		return fmt.Errorf("binding %d: %w", y.Bind, refuse.ErrELF)
	case y.Kind > elf.STT_FILE:
		return fmt.Errorf("type %d: %w", y.Kind, refuse.ErrELF)
	case y.Bind != elf.STB_LOCAL && y.Name == "":
		return fmt.Errorf("global, without a name: %w", refuse.ErrELF)
	case y.Bind != elf.STB_LOCAL && y.Section >= elf.SHN_LORESERVE:
		return fmt.Errorf("global, in no section: %w", refuse.ErrELF)
	case undefined && (y.Value != 0 || y.Size != 0):
		return fmt.Errorf("undefined, with a value or size: %w", refuse.ErrELF)
	case undefined && y.Bind == elf.STB_LOCAL:
		return fmt.Errorf("undefined and local: %w", refuse.ErrELF)
	}
	return nil
}

// checkSections refuses sections that cannot be joined with others.
func (o *object) checkSections() error {
	names := make(map[string]bool)
	for i := range o.file.Sections {
		s := &o.file.Sections[i]
		if leftOut(s) {
			continue
		}
		var err error
		switch {
		case s.Type != elf.SHT_PROGBITS && s.Type != elf.SHT_NOBITS:
			err = fmt.Errorf("section of type %v: %w", s.Type, refuse.ErrSection)
		case s.Name == "":
			err = fmt.Errorf("section %d has no name: %w", i, refuse.ErrELF)
		case names[s.Name]:
			err = fmt.Errorf("two sections of that name: %w", refuse.ErrELF)
		case s.Align&(s.Align-1) != 0:
			err = fmt.Errorf("alignment %d: %w", s.Align, refuse.ErrELF)
		case s.Flags&elf.SHF_EXECINSTR != 0 && s.Size%objfile.InsnSize != 0:
			err = fmt.Errorf("%d bytes of code: %w", s.Size, refuse.ErrELF)
		}
		if err != nil {
			return refuse.At(refuse.StageLink, s.Name, "", err)
		}
		names[s.Name] = true
	}
	return nil
}

// textSection has the functions that other functions call.
const textSection = ".text"

// makeSubprogram has the code of an entry point's section go to .text.
func (o *object) makeSubprogram(entry string) error {
	for i := range o.file.Symbols {
		y := &o.file.Symbols[i]
		if y.Name != entry || y.Kind != elf.STT_FUNC || y.Section == elf.SHN_UNDEF ||
			int(y.Section) >= len(o.file.Sections) {
			continue
		}
		if y.Bind == elf.STB_LOCAL {
			return refuse.ErrStaticEntry
		}
		o.entry = &o.file.Sections[y.Section]
		o.entryWas, o.entry.Name = o.entry.Name, textSection
		return nil
	}
	return fmt.Errorf("no function of that name: %w", refuse.ErrName)
}

// compiledName returns the name that a section has in .BTF.ext.
func (o *object) compiledName(s *objfile.Section) string {
	if s == o.entry {
		return o.entryWas
	}
	return s.Name
}

// compiled returns the section of a name in .BTF.ext, nil for none.
func (o *object) compiled(name string) *objfile.Section {
	for i := range o.file.Sections {
		if s := &o.file.Sections[i]; o.compiledName(s) == name {
			return s
		}
	}
	return nil
}

// Types of sections that LLVM has for itself, such as SHT_LLVM_ADDRSIG.
const (
	llvmLow  elf.SectionType = 0x6fff4c00
	llvmHigh elf.SectionType = 0x6fff4cff
)

// leftOut reports whether a section is made anew, or has nothing for a loader: what compilers say
// of themselves, and what they tell debuggers and linkers of machines.
func leftOut(s *objfile.Section) bool {
	switch s.Type {
	case elf.SHT_NULL, elf.SHT_STRTAB, elf.SHT_SYMTAB, elf.SHT_REL:
		return true
	case elf.SHT_PROGBITS, elf.SHT_NOBITS:
	default:
		return s.Type >= llvmLow && s.Type <= llvmHigh
	}
	switch s.Name {
	case typeinfo.Section, typeinfo.ExtSection, ".eh_frame", ".comment", ".note.GNU-stack":
		return true
	}
	return strings.HasPrefix(s.Name, ".debug_") || s.Size == 0 && len(s.Symbols) == 0
}

// declare lists the variables and functions that other objects can name.
func (o *object) declare() error {
	t := o.types
	o.declared = make(map[string]declaration)
	note := func(name string, d declaration) {
		old, again := o.declared[name]
		switch {
		case again && d.extern:
			o.unused = append(o.unused, d.id)
			return
		case again && old.extern:
			o.unused = append(o.unused, old.id)
		case again:
			d.repeated = true
		default:
			o.names = append(o.names, name)
		}
		o.declared[name] = d
	}
	var datasecs []btf.TypeID
	for id := btf.TypeID(1); uint32(id) < t.Count(); id++ {
		r, err := t.Type(id)
		if err != nil {
			return err
		}
		switch r.Kind {
		case typeinfo.KindVar:
			if n := t.Word(r.Data); n != linkageStatic {
				note(r.Name, declaration{id: id, kind: r.Kind, extern: n == linkageExtern})
			}
		case typeinfo.KindFunc:
			if r.Vlen != linkageStatic {
				note(r.Name, declaration{id: id, kind: r.Kind, extern: r.Vlen == linkageExtern})
			}
		case typeinfo.KindDatasec:
			datasecs = append(datasecs, id)
		}
	}
	for _, id := range datasecs {
		if err := o.list(id); err != nil {
			return err
		}
	}
	return nil
}

// list notes in which section BTF lists a variable or function.
func (o *object) list(id btf.TypeID) error {
	sec, err := o.types.Type(id)
	if err != nil {
		return err
	}
	for i := range sec.Vlen {
		v, err := o.types.Declared(&sec, i)
		if err != nil {
			return err
		}
		if d, ok := o.declared[v.Name]; ok && d.id == typeOf(o.types, &sec, i) {
			d.section, d.size = sec.Name, v.Size
			o.declared[v.Name] = d
		}
	}
	return nil
}

// typeOf returns the type of the i-th entry of a list of variables.
func typeOf(t *typeinfo.Types, sec *typeinfo.Record, i int) btf.TypeID {
	return btf.TypeID(t.Word(sec.Data[12*i:]))
}

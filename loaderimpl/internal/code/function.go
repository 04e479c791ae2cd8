// SPDX-License-Identifier: Apache-2.0

package code

import (
	"cmp"
	"debug/elf"
	"fmt"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// A Function holds a run of code with a name: a program, or part of one.
type Function struct {
	Name    string
	Section *objfile.Section
	Offset  uint64 // in the section, bytes
	Code    []byte
	Refs    []Reference // in the order of instructions
}

// A Reference is an instruction that means something outside of its function.
type Reference struct {
	Insn   uint32 // index of the instruction in its function; a 64-bit load counts as two
	Kind   RefKind
	Target int    // index of the map, function or extern
	Offset uint32 // RefData: into the map's value, bytes
}

// A RefKind says what an instruction refers to.
type RefKind uint8

// The kinds of references.
const (
	RefMap  RefKind = iota // 64-bit load of a map
	RefData                // 64-bit load of an address in a map's value
	RefCall                // call of a function
	RefFunc                // 64-bit load of a function's address

	RefSymbol // 64-bit load of what the kernel has for an extern
	RefKfunc  // call of an extern of the kernel's
)

// A position says where a definition or function starts: a section's index, and bytes into it.
type position struct {
	section int
	offset  uint64
}

// compare orders positions as they come in the file's table of sections.
func (p position) compare(q position) int {
	return cmp.Or(cmp.Compare(p.section, q.section), cmp.Compare(p.offset, q.offset))
}

// Functions lists the functions of an object, in the order of sections and offsets.
func Functions(f *objfile.File) ([]Function, error) {
	var list []Function
	names := make(map[string]bool)
	for i := range f.Sections {
		s := &f.Sections[i]
		if !s.HoldsCode() {
			continue
		}
		if names[s.Name] {
			return nil, refuse.At(refuse.StageOpen, s.Name, "",
				fmt.Errorf("two sections of that name: %w", refuse.ErrELF))
		}
		names[s.Name] = true
		found, err := functionsIn(s)
		if err != nil {
			return nil, refuse.At(refuse.StageOpen, s.Name, "", err)
		}
		list = append(list, found...)
	}
	return list, nil
}

// withoutFunction says which symbols of a section of code are no functions. Old releases of LLVM
// gave them no type.
func withoutFunction(s *objfile.Section) error {
	var names []string
	for _, y := range s.Symbols {
		if y.Name != "" {
			names = append(names, y.Name)
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("code without a symbol: %w", refuse.ErrProgram)
	}
	return refuse.At(refuse.StageOpen, s.Name, names[0],
		fmt.Errorf("code without a function, but with %s: %w", strings.Join(names, ", "),
			refuse.ErrUntyped))
}

func functionsIn(s *objfile.Section) ([]Function, error) {
	var list []Function
	for _, y := range s.Symbols {
		if y.Kind != elf.STT_FUNC {
			continue
		}
		switch {
		case y.Name == "":
			return nil, fmt.Errorf("function at byte %d has no name: %w", y.Value,
				refuse.ErrProgram)
		case y.Value%objfile.InsnSize != 0 || y.Size%objfile.InsnSize != 0 || y.Size == 0:
			return nil, refuse.At(refuse.StageOpen, s.Name, y.Name,
				fmt.Errorf("%d bytes at %d are no instructions: %w", y.Size, y.Value,
					refuse.ErrProgram))
		case y.Bind == elf.STB_LOCAL && s.Name != objfile.TextSection:
			return nil, refuse.At(refuse.StageOpen, s.Name, y.Name, refuse.ErrStaticEntry)
		}
		list = append(list, Function{
			Name: y.Name, Section: s, Offset: y.Value, Code: s.Data[y.Value : y.Value+y.Size],
		})
	}
	if len(list) == 0 {
		return nil, withoutFunction(s)
	}
	slices.SortFunc(list, func(a, b Function) int { return cmp.Compare(a.Offset, b.Offset) })
	for i := 1; i < len(list); i++ {
		if prev := &list[i-1]; prev.Offset+uint64(len(prev.Code)) > list[i].Offset {
			return nil, refuse.At(refuse.StageOpen, s.Name, list[i].Name,
				fmt.Errorf("overlaps %s: %w", prev.Name, refuse.ErrProgram))
		}
	}
	return list, nil
}

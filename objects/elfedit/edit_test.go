// SPDX-License-Identifier: Apache-2.0

package elfedit_test

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/cilium/ebpf/btf"
	"github.com/google/go-cmp/cmp"

	. "github.com/loadstone-bpf/loadstone/objects/elfedit"
)

// object returns a committed object with one map counts, and a program count that refers to it.
func object(t testing.TB, order string) []byte {
	t.Helper()
	raw, err := os.ReadFile("../mapdefs/" + order + "/counter.o")
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// outline holds what the edits change, as debug/elf reads it.
type outline struct {
	Machine  elf.Machine
	Sections []string // name and size
	Symbols  []string // name, section, value, size, in order
	Relocs   []string // section, symbol
}

func outlineOf(t *testing.T, raw []byte) outline {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	o := outline{Machine: f.Machine}
	symbols, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	sectionName := func(i elf.SectionIndex) string {
		if int(i) < len(f.Sections) {
			return f.Sections[i].Name
		}
		return i.String()
	}
	for _, s := range symbols {
		o.Symbols = append(o.Symbols, fmt.Sprintf("%s in %s at %#x, %d", s.Name, sectionName(s.Section), s.Value, s.Size))
	}
	for _, s := range f.Sections {
		switch s.Type {
		case elf.SHT_SYMTAB, elf.SHT_STRTAB, elf.SHT_NULL: // follow from the others
			continue
		case elf.SHT_REL:
			data, err := s.Data()
			if err != nil {
				t.Fatal(err)
			}
			for at := 0; at < len(data); at += 16 {
				index := f.ByteOrder.Uint64(data[at+8:]) >> 32
				name := symbols[index-1].Name
				if name == "" {
					name = "section " + sectionName(symbols[index-1].Section)
				}
				o.Relocs = append(o.Relocs, f.Sections[s.Info].Name+" wants "+name)
			}
			continue
		}
		o.Sections = append(o.Sections, fmt.Sprintf("%s %d", s.Name, s.Size))
	}
	slices.Sort(o.Relocs)
	o.Relocs = slices.Compact(o.Relocs)
	return o
}

var good = outline{
	Machine: elf.EM_BPF,
	Sections: []string{
		".text 0", "xdp 104", "license 13", ".maps 32", ".BTF 894", ".BTF.ext 160", ".llvm_addrsig 3",
	},
	Symbols: []string{
		" in xdp at 0x0, 0", "count in xdp at 0x0, 104", "counts in .maps at 0x0, 32", "LICENSE in license at 0x0, 13",
	},
	Relocs: []string{".BTF wants LICENSE", ".BTF wants counts", ".BTF.ext wants section xdp", "xdp wants counts"},
}

func TestEditsDoWhatTheySay(t *testing.T) {
	tests := []struct {
		edit Edit
		want func(o *outline)
	}{
		{DropSection(".llvm_addrsig"), func(o *outline) { o.Sections = o.Sections[:6] }},
		{DropSection(".BTF"), func(o *outline) {
			o.Sections = slices.Delete(o.Sections, 4, 5)
			o.Relocs = o.Relocs[2:]
		}},
		{DropSection(".maps"), func(o *outline) {
			o.Sections = slices.Delete(o.Sections, 3, 4)
			o.Symbols = slices.Delete(o.Symbols, 2, 3)
			o.Relocs = []string{".BTF wants LICENSE", ".BTF.ext wants section xdp"}
		}},
		{EmptySection(".maps"), func(o *outline) { o.Sections[3] = ".maps 0" }},
		{EmptySectionType(".maps"), func(*outline) {}},
		{GrowSection(".maps", 4), func(o *outline) { o.Sections[3] = ".maps 36" }},
		{ShrinkSection(".maps", 4), func(o *outline) { o.Sections[3] = ".maps 28" }},
		{DropSymbol("counts"), func(o *outline) {
			o.Symbols = slices.Delete(o.Symbols, 2, 3)
			o.Relocs = []string{".BTF wants LICENSE", ".BTF.ext wants section xdp"}
		}},
		{RenameSymbol("counts", "count"), func(o *outline) {
			o.Symbols[2] = "count in .maps at 0x0, 32"
			o.Relocs = []string{".BTF wants LICENSE", ".BTF wants count", ".BTF.ext wants section xdp", "xdp wants count"}
		}},
		{NamelessSymbol("counts"), func(o *outline) {
			o.Symbols[2] = " in .maps at 0x0, 32"
			o.Relocs = []string{".BTF wants LICENSE", ".BTF wants section .maps", ".BTF.ext wants section xdp", "xdp wants section .maps"}
		}},
		{MoveSymbol("counts", 0x40), func(o *outline) { o.Symbols[2] = "counts in .maps at 0x40, 32" }},
		{ResizeSymbol("counts", 64), func(o *outline) { o.Symbols[2] = "counts in .maps at 0x0, 64" }},
		{SymbolSection("counts", 77), func(o *outline) { o.Symbols[2] = "counts in SHN_UNDEF+77 at 0x0, 32" }},
		{Machine(elf.EM_X86_64), func(o *outline) { o.Machine = elf.EM_X86_64 }},
	}
	for _, tc := range tests {
		for _, order := range []string{"el", "eb"} {
			t.Run(tc.edit.String()+"/"+order, func(t *testing.T) {
				want := outline{good.Machine, slices.Clone(good.Sections), slices.Clone(good.Symbols), slices.Clone(good.Relocs)}
				tc.want(&want)
				raw, err := Apply(object(t, order), tc.edit)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, outlineOf(t, raw)); diff != "" {
					t.Errorf("want (-), is (+):\n%s", diff)
				}
			})
		}
	}
}

func TestLayoutKeepsEverySection(t *testing.T) {
	raw := object(t, "el")
	again, err := Apply(raw, GrowSection(".maps", 8), ShrinkSection(".maps", 8))
	if err != nil {
		t.Fatal(err)
	}
	was, is := outlineOf(t, raw), outlineOf(t, again)
	if diff := cmp.Diff(was, is); diff != "" {
		t.Errorf("laid out again (+):\n%s", diff)
	}
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(again))
	if err != nil {
		t.Fatal(err)
	}
	var counts *btf.Var
	if err := spec.TypeByName("counts", &counts); err != nil {
		t.Error(err)
	}
}

// btfOf returns the raw BTF of an object, for a reader that does not know the object.
func btfOf(t *testing.T, raw []byte) []byte {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	data, err := f.Section(".BTF").Data()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRenamedTypeIsFoundByItsNewName(t *testing.T) {
	raw, err := Apply(object(t, "el"), RenameType(DataSec, ".maps", ".mops"))
	if err != nil {
		t.Fatal(err)
	}
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(btfOf(t, raw)))
	if err != nil {
		t.Fatal(err)
	}
	var section *btf.Datasec
	if err := spec.TypeByName(".maps", &section); err == nil {
		t.Error("the old name is still there")
	}
	if err := spec.TypeByName(".mops", &section); err != nil {
		t.Error(err)
	}
}

// TestBrokenBTFIsBroken asks the reader of cilium/ebpf, which is not ours.
func TestBrokenBTFIsBroken(t *testing.T) {
	for _, e := range []Edit{
		BTFMagic(),
		BTFVersion(2),
		BTFHeader(HeaderLength, 8),
		BTFHeader(TypesLength, 1<<30),
		BTFHeader(StringsOffset, 1<<31),
		PointTypeAt(Var, "counts", 1<<20),
		TypeKind(Typedef, "__u32", 31),
		EmptySection(".BTF"),
		ShrinkSection(".BTF", 100),
	} {
		t.Run(e.String(), func(t *testing.T) {
			for _, order := range []string{"el", "eb"} {
				raw, err := Apply(object(t, order), e)
				if err != nil {
					t.Fatal(err)
				}
				spec, err := btf.LoadSpecFromReader(bytes.NewReader(btfOf(t, raw)))
				if err != nil {
					continue
				}
				types := 0
				for _, err = range spec.All() {
					if err != nil {
						break
					}
					types++
				}
				// A missing type ends the sequence without an error.
				if err == nil && types >= 23 {
					t.Errorf("%s: read without an error", order)
				}
			}
		})
	}
}

func TestEditOfBytesKeepsTheRest(t *testing.T) {
	raw := object(t, "el")
	for _, tc := range []struct {
		edit Edit
		want []byte
	}{
		{Replace("nothing", nil), nil},
		{Replace("text", []byte("text")), []byte("text")},
		{Truncate(63), raw[:63]},
		{Half(), raw[:len(raw)/2]},
	} {
		got, err := Apply(raw, tc.edit)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, tc.want) {
			t.Errorf("%s: %d bytes, want %d", tc.edit, len(got), len(tc.want))
		}
	}
}

func TestEditOfAHeaderChangesThatOnly(t *testing.T) {
	raw := object(t, "el")
	laidOut, err := Apply(raw, GrowSection(".maps", 0))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		edit Edit
		from []byte // the object that it changes a few bytes of
		max  int    // of bytes
	}{
		{Class(elf.ELFCLASS32), raw, 1},
		{FileType(elf.ET_EXEC), laidOut, 1},
		{SectionType(".symtab", elf.SHT_PROGBITS), laidOut, 1},
		{SectionSize("xdp", 1<<63), laidOut, 2},
		{MoveReloc("xdp", 0, 1<<20), laidOut, 2},
	} {
		got, err := Apply(raw, tc.edit)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(tc.from) {
			t.Errorf("%s: %d bytes, want %d", tc.edit, len(got), len(tc.from))
			continue
		}
		changed := 0
		for i := range got {
			if got[i] != tc.from[i] {
				changed++
			}
		}
		if changed == 0 || changed > tc.max {
			t.Errorf("%s: %d bytes differ, want 1 to %d", tc.edit, changed, tc.max)
		}
	}
}

func TestPartsOutsideTheFileAreNotReadable(t *testing.T) {
	for _, e := range []Edit{SectionHeaders(1 << 40), SectionOffset(".maps", 1<<40), SectionSize(".maps", 1<<40)} {
		raw, err := Apply(object(t, "el"), e)
		if err != nil {
			t.Fatal(err)
		}
		f, err := elf.NewFile(bytes.NewReader(raw))
		if err != nil {
			continue
		}
		if _, err := f.Section(".maps").Data(); err == nil {
			t.Errorf("%s: the section can be read", e)
		}
	}
}

func TestEditIsDeterministic(t *testing.T) {
	raw := object(t, "el")
	first, err := Apply(raw, DropSection(".BTF"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := Apply(raw, DropSection(".BTF"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Error("the same edit of the same object made two files")
	}
}

func TestEditThatDoesNotFit(t *testing.T) {
	for _, tc := range []struct {
		edits []Edit
		want  string
	}{
		{[]Edit{DropSection(".nowhere")}, "drop section .nowhere: no section .nowhere"},
		{[]Edit{DropSymbol("missing")}, "drop symbol missing: no symbol missing"},
		{[]Edit{MoveReloc("xdp", 9, 0)}, "move relocation 9 of section xdp to 0x0: it has 1"},
		{[]Edit{MoveReloc(".maps", 0, 0)}, "move relocation 0 of section .maps to 0x0: it has none"},
		{[]Edit{Replace("nothing", nil), Class(elf.ELFCLASS32)}, "say class ELFCLASS32: it has 0 bytes"},
		{[]Edit{ShrinkSection(".maps", 33)}, "shrink section .maps by 33: it has 32 bytes"},
		{[]Edit{Truncate(1 << 20)}, "truncate to 1048576 bytes: it has 2496 bytes"},
		{[]Edit{NamelessType(Var, "missing")}, `take the name of btf type missing: no type of kind 14 named "missing"`},
		{[]Edit{EmptySection(".BTF"), BTFMagic()}, "break btf magic: parse .BTF: no header"},
		{[]Edit{EmptySection(".BTF"), NamelessType(Var, "counts")}, "take the name of btf type counts: parse .BTF: no header"},
		{[]Edit{BTFHeader(TypesLength, 1<<30), NamelessType(Var, "counts")}, "take the name of btf type counts: parse .BTF: types or strings are outside it"},
		{[]Edit{SetBytes("license", 12, 1, 2)}, "set bytes of section license at 0xc to 0102: it has 13 bytes"},
		{[]Edit{SetImmediate("xdp", 13, 0)}, "instruction 13 of section xdp: set immediate to 0: it has 13 slots"},
		{[]Edit{AddToReference("xdp", "count", 8)}, "make section xdp refer to count + 8: no relocation of xdp names count"},
		{[]Edit{MoveVariable(".data", "counts", 8)}, "list counts of .data at 0x8: no list of variables of .data"},
		{[]Edit{UnlistVariable(".maps", "count")}, "take count from the list of .maps: .maps lists no variable count"},
		{[]Edit{Half(), GrowSection(".maps", 1)}, "grow section .maps by 1: parse object: EOF"},
		{[]Edit{Replace("nothing", nil), Half()}, "truncate to half: it has 0 bytes"},
	} {
		_, err := Apply(object(t, "el"), tc.edits...)
		if err == nil || err.Error() != tc.want {
			t.Errorf("error is %v, want %s", err, tc.want)
		}
	}
}

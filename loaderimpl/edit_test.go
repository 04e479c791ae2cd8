// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// An edit is a good object with something wrong that no compiler would write.
type edit struct {
	t     *testing.T
	data  []byte
	order binary.ByteOrder
	file  *objfile.File
}

func edited(t *testing.T, object string) *edit {
	t.Helper()
	data, err := os.ReadFile(objectPath(object, native()))
	if err != nil {
		t.Fatal(err)
	}
	f, err := objfile.Parse(slices.Clone(data))
	if err != nil {
		t.Fatal(err)
	}
	return &edit{t: t, data: data, order: f.Order, file: f}
}

// header returns the header of a section.
func (e *edit) header(name string) []byte {
	s := e.file.Named(name)
	if s == nil {
		e.t.Fatalf("no section %s", name)
	}
	return e.data[e.order.Uint64(e.data[40:])+uint64(s.Index)*64:]
}

// contents returns the bytes of a section.
func (e *edit) contents(name string) []byte {
	h := e.header(name)
	off := e.order.Uint64(h[24:])
	return e.data[off : off+e.order.Uint64(h[32:])]
}

// symbol returns the record of a symbol.
func (e *edit) symbol(name string) []byte {
	for i := range e.file.Symbols {
		if e.file.Symbols[i].Name == name {
			return e.contents(".symtab")[i*24:]
		}
	}
	e.t.Fatalf("no symbol %s", name)
	return nil
}

// drop takes a symbol out of its section.
func (e *edit) drop(symbol string) { e.order.PutUint16(e.symbol(symbol)[6:], uint16(elf.SHN_ABS)) }

func TestOpenRefusesWhatNoCompilerWrites(t *testing.T) {
	put16 := func(e *edit, b []byte, v uint16) { e.order.PutUint16(b, v) }
	put32 := func(e *edit, b []byte, v uint32) { e.order.PutUint32(b, v) }
	put64 := func(e *edit, b []byte, v uint64) { e.order.PutUint64(b, v) }
	for _, c := range []struct {
		name   string
		object string
		edit   func(e *edit)
		want   error
	}{
		{"empty", "btf", func(e *edit) { e.data = nil }, refuse.ErrELF},
		{"no magic", "btf", func(e *edit) { e.data[0] = 0 }, refuse.ErrELF},
		{"32 bits", "btf", func(e *edit) { e.data[elf.EI_CLASS] = byte(elf.ELFCLASS32) }, refuse.ErrELF},
		{"no byte order", "btf", func(e *edit) { e.data[elf.EI_DATA] = 0 }, refuse.ErrELF},
		{"other version", "btf", func(e *edit) { e.data[elf.EI_VERSION] = 2 }, refuse.ErrELF},
		{"an executable", "btf", func(e *edit) { put16(e, e.data[16:], uint16(elf.ET_EXEC)) }, refuse.ErrELF},
		{"for another machine", "btf", func(e *edit) { put16(e, e.data[18:], uint16(elf.EM_X86_64)) }, refuse.ErrELF},
		{"small section headers", "btf", func(e *edit) { put16(e, e.data[58:], 40) }, refuse.ErrELF},
		{"section headers beyond the end", "btf", func(e *edit) { put64(e, e.data[40:], uint64(len(e.data))) }, refuse.ErrELF},
		{"section headers that wrap", "btf", func(e *edit) { put64(e, e.data[40:], ^uint64(0)-63) }, refuse.ErrELF},
		{"no sections", "btf", func(e *edit) { put16(e, e.data[60:], 0) }, refuse.ErrELF},
		{"too many sections", "btf", func(e *edit) { put16(e, e.data[60:], 0xfeff) }, refuse.ErrELF},
		{"names in no section", "btf", func(e *edit) { put16(e, e.data[62:], 0xfe00) }, refuse.ErrELF},
		{"names in code", "btf", func(e *edit) { put16(e, e.data[62:], uint16(e.file.Named("xdp").Index)) }, refuse.ErrELF},
		{"name beyond the end", "btf", func(e *edit) { put32(e, e.header("xdp"), 1<<31) }, refuse.ErrELF},
		{"names without an end", "btf", func(e *edit) {
			b := e.contents(".strtab")
			for i := range b {
				b[i] |= 1
			}
		}, refuse.ErrELF},
		{"section beyond the end", "btf", func(e *edit) { put64(e, e.header(".maps")[32:], uint64(len(e.data))) }, refuse.ErrELF},
		{"section that wraps", "btf", func(e *edit) { put64(e, e.header(".maps")[24:], ^uint64(0)-7) }, refuse.ErrELF},
		{"section over others", "btf", func(e *edit) {
			put64(e, e.header(".maps")[24:], 0)
			put64(e, e.header(".maps")[32:], uint64(len(e.data)))
		}, refuse.ErrELF},
		{"two symbol tables", "btf", func(e *edit) { put32(e, e.header("license")[4:], uint32(elf.SHT_SYMTAB)) }, refuse.ErrELF},
		{"no symbol table", "btf", func(e *edit) { put32(e, e.header(".symtab")[4:], uint32(elf.SHT_PROGBITS)) }, refuse.ErrELF},
		{"odd symbols", "btf", func(e *edit) { put64(e, e.header(".symtab")[56:], 16) }, refuse.ErrELF},
		{"symbol names in code", "btf", func(e *edit) { put32(e, e.header(".symtab")[40:], uint32(e.file.Named("xdp").Index)) }, refuse.ErrELF},
		{"symbol in no section", "btf", func(e *edit) { put16(e, e.symbol("typed")[6:], 0x7fff) }, refuse.ErrELF},
		{"symbol of many sections", "btf", func(e *edit) { put16(e, e.symbol("typed")[6:], uint16(elf.SHN_XINDEX)) }, refuse.ErrELF},
		{"common symbol", "btf", func(e *edit) { put16(e, e.symbol("typed")[6:], uint16(elf.SHN_COMMON)) }, refuse.ErrELF},
		{"symbol beyond its section", "btf", func(e *edit) { put64(e, e.symbol("typed")[8:], 1<<20) }, refuse.ErrELF},
		{"symbol that wraps", "btf", func(e *edit) { put64(e, e.symbol("typed")[16:], ^uint64(0)) }, refuse.ErrELF},
		{"symbol name beyond the end", "btf", func(e *edit) { put32(e, e.symbol("typed"), 1<<30) }, refuse.ErrELF},
		{"relocations with addends", "btf", func(e *edit) { put32(e, e.header(".relxdp")[4:], uint32(elf.SHT_RELA)) }, refuse.ErrELF},
		{"odd relocations", "btf", func(e *edit) { put64(e, e.header(".relxdp")[56:], 24) }, refuse.ErrELF},
		{"relocations of no section", "btf", func(e *edit) { put32(e, e.header(".relxdp")[44:], 99) }, refuse.ErrELF},
		{"relocations twice", "btf", func(e *edit) { put32(e, e.header(".rel.BTF")[44:], uint32(e.file.Named("xdp").Index)) }, refuse.ErrELF},
		{"odd version", "btf", func(e *edit) { copy(e.contents(".strtab")[e.order.Uint32(e.header("license")):], "version\x00") }, refuse.ErrELF},

		{"relocation beyond its section", "btf", func(e *edit) { put64(e, e.contents(".relxdp"), 1<<40) }, refuse.ErrRelocation},
		{"relocation of no symbol", "btf", func(e *edit) { put64(e, e.contents(".relxdp")[8:], 99<<32|objfile.Reloc64) }, refuse.ErrRelocation},
		{"relocation inside an instruction", "btf", func(e *edit) { e.contents(".relxdp")[nearByte(e)] += 3 }, refuse.ErrRelocation},
		{"relocation of another type", "btf", func(e *edit) { put32(e, relInfo(e), objfile.RelocCall) }, refuse.ErrRelocation},
		{"relocation to the middle of a map", "btf", func(e *edit) { imm(e, "xdp", 4) }, refuse.ErrAddend},
		{"relocation beyond global data", "data", func(e *edit) { imm(e, "xdp", 400) }, refuse.ErrRelocation},
		{"code that ends in a load", "calls", func(e *edit) { c := e.contents(".text"); c[16] = 0x18 }, refuse.ErrProgram},
		{"function without instructions", "calls", func(e *edit) { put64(e, e.symbol("unused")[16:], 0) }, refuse.ErrProgram},
		{"function without a type", "left_out", func(e *edit) { e.symbol("guarded")[4] &= 0xf0 }, refuse.ErrUntyped},
		{"function that is cut", "calls", func(e *edit) { put64(e, e.symbol("unused")[16:], 12) }, refuse.ErrProgram},
		{"functions that overlap", "calls", func(e *edit) { put64(e, e.symbol("unused")[16:], 32) }, refuse.ErrProgram},
		{"function without a name", "calls", func(e *edit) { put32(e, e.symbol("unused"), 0) }, refuse.ErrProgram},
		{"code without functions", "btf", func(e *edit) { e.drop("use") }, refuse.ErrProgram},
		{"call of no function", "calls", func(e *edit) { e.drop("leaf") }, refuse.ErrRelocation},
		{"call into a function", "calls", func(e *edit) { imm(e, "xdp", 1) }, refuse.ErrAddend},
		{"map by descriptor", "left_out", func(e *edit) { unrelocate(e) }, refuse.ErrRelocation},
		{"slot of nothing", "inner", func(e *edit) { put64(e, e.contents(".rel.maps")[8:], objfile.RelocAbs64) }, refuse.ErrExtern},
		{"slot of another type", "inner", func(e *edit) { e.contents(".rel.maps")[8+nearByte(e)] = objfile.RelocAbs32 }, refuse.ErrRelocation},
		{"slot that is no map", "inner", func(e *edit) { put64(e, e.contents(".rel.maps")[8:], 2<<32|objfile.RelocAbs64) }, refuse.ErrRelocation},
		{"slot of a section", "inner", func(e *edit) {
			y := e.symbol("_license") // becomes the section's symbol
			y[4] = elf.ST_INFO(elf.STB_LOCAL, elf.STT_SECTION)
			put16(e, y[6:], uint16(e.file.Named(".maps").Index))
			put64(e, e.contents(".rel.maps")[8:], 5<<32|objfile.RelocAbs64)
		}, refuse.ErrExtern},
		{"slot outside of values", "inner", func(e *edit) { put64(e, e.contents(".rel.maps"), 0) }, refuse.ErrRelocation},
		{"slot off its place", "inner", func(e *edit) { e.contents(".rel.maps")[nearByte(e)] += 4 }, refuse.ErrRelocation},

		{"no BTF", "btf", func(e *edit) { put64(e, e.header(".BTF")[32:], 0) }, refuse.ErrBTFMissing},
		{"no list of maps in BTF", "btf", func(e *edit) { replace(e, ".BTF", ".maps", ".mops") }, refuse.ErrBTFMissing},
		{"BTF without magic", "btf", func(e *edit) { e.contents(".BTF")[0] ^= 1 }, refuse.ErrBTF},
		{"BTF of the other byte order", "btf", func(e *edit) { slices.Reverse(e.contents(".BTF")[:2]) }, refuse.ErrBTF},
		{"BTF that is cut", "btf", func(e *edit) { put64(e, e.header(".BTF")[32:], 100) }, refuse.ErrBTF},
		{"variable without a symbol", "btf", func(e *edit) { e.drop("typed") }, refuse.ErrBTF},
		{"variable beyond its section", "btf", func(e *edit) {
			put64(e, e.symbol("weakly")[8:], uint64(len(e.contents(".maps"))))
			put64(e, e.symbol("weakly")[16:], 0)
		}, refuse.ErrBTF},
		{"maps that overlap", "btf", func(e *edit) { put64(e, e.symbol("typed")[8:], 8) }, refuse.ErrDefinition},
		{"map without a variable", "btf", func(e *edit) { put16(e, e.symbol("_license")[6:], uint16(e.file.Named(".maps").Index)) }, refuse.ErrDefinition},
		{"ext without magic", "btf", func(e *edit) { e.contents(".BTF.ext")[0] ^= 1 }, refuse.ErrBTF},
		{"ext with a long header", "btf", func(e *edit) { put32(e, e.contents(".BTF.ext")[4:], 1<<31) }, refuse.ErrBTF},
		{"ext with a short header", "btf", func(e *edit) { put32(e, e.contents(".BTF.ext")[4:], 8) }, refuse.ErrBTF},
		{"ext with parts beyond the end", "btf", func(e *edit) { put32(e, e.contents(".BTF.ext")[8:], ^uint32(0)) }, refuse.ErrBTF},
		{"ext with long records", "btf", func(e *edit) { put32(e, e.contents(".BTF.ext")[32:], 1<<20) }, refuse.ErrBTF},
		{"ext with many records", "btf", func(e *edit) { put32(e, e.contents(".BTF.ext")[40:], 1<<30) }, refuse.ErrBTF},
		{"ext with odd offsets", "btf", func(e *edit) { put32(e, e.contents(".BTF.ext")[44:], 3) }, refuse.ErrBTF},

		{"legacy section without bytes", "legacy", func(e *edit) { put32(e, e.header("maps")[4:], uint32(elf.SHT_NOBITS)) }, refuse.ErrDefinition},
		{"legacy section without symbols", "refused/legacy_no_type", func(e *edit) { e.drop("m") }, refuse.ErrDefinition},
		{"legacy map without a name", "legacy", func(e *edit) { put32(e, e.symbol("plain"), 0) }, refuse.ErrDefinition},
		{"legacy map without a symbol", "legacy", func(e *edit) { e.drop("longer") }, refuse.ErrDefinition},
		{"legacy map beyond its section", "legacy", func(e *edit) { put64(e, e.header("maps")[32:], 100) }, refuse.ErrELF},
		{"legacy maps that overlap", "legacy", func(e *edit) { put64(e, e.symbol("plain")[16:], 28) }, refuse.ErrDefinition},
		{"legacy maps in one place", "legacy", func(e *edit) { put64(e, e.symbol("without_flags")[8:], 0) }, refuse.ErrDefinition},
		{"legacy map off its place", "legacy", func(e *edit) { put64(e, e.symbol("plain")[8:], 2); put64(e, e.symbol("plain")[16:], 16) }, refuse.ErrDefinition},
		{"two maps of one name", "mixed", func(e *edit) { copy(e.symbol("b")[:4], e.symbol("a")[:4]) }, refuse.ErrDuplicate},
		{"two sections of maps", "mixed", func(e *edit) { copy(e.header("maps")[:4], e.header(".maps")[:4]) }, refuse.ErrELF},
		{"two sections of code", "calls", func(e *edit) { copy(e.header("?tc")[:4], e.header("xdp")[:4]) }, refuse.ErrELF},
		{"two programs of one name", "calls", func(e *edit) { copy(e.symbol("beside")[:4], e.symbol("direct")[:4]) }, refuse.ErrDuplicate},
		{"data of 4 GiB", "data", func(e *edit) { put64(e, e.header(".bss")[32:], 1<<32) }, refuse.ErrDefinition},
	} {
		e := edited(t, c.object)
		c.edit(e)
		_, err := OpenBytes(e.data, Options{Name: "edited"})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
		var typed *Error
		if err != nil && (!errors.As(err, &typed) || typed.Object != "edited" || typed.Class == "" || typed.Stage == "") {
			t.Errorf("%s: error %#v says not where", c.name, err)
		}
	}
}

// relInfo returns the type of the first relocation of section xdp.
func relInfo(e *edit) []byte {
	off := 8
	if e.order == binary.ByteOrder(binary.BigEndian) {
		off += 4
	}
	return e.contents(".relxdp")[off:]
}

// nearByte returns the place of the lowest byte of an 8-byte number.
func nearByte(e *edit) int {
	if e.order == binary.ByteOrder(binary.BigEndian) {
		return 7
	}
	return 0
}

// imm changes the immediate of the first instruction that is relocated in a section.
func imm(e *edit, section string, v uint32) {
	off := e.order.Uint64(e.contents(".rel" + section))
	e.order.PutUint32(e.contents(section)[off+4:], v)
}

// unrelocate turns the loads of maps into loads of descriptor 3.
func unrelocate(e *edit) {
	const pseudoMapFD = 1 // BPF_PSEUDO_MAP_FD
	e.order.PutUint64(e.header(".rel?xdp")[32:], 0)
	code := e.contents("?xdp")
	i := bytes.IndexByte(code, 0x18)
	if objfile.NativeLittle {
		code[i+1] |= pseudoMapFD << 4
	} else {
		code[i+1] |= pseudoMapFD
	}
}

func replace(e *edit, section, before, after string) {
	b := e.contents(section)
	i := bytes.Index(b, []byte(before+"\x00"))
	if i < 0 || len(before) != len(after) {
		e.t.Fatalf("no %q in %s", before, section)
	}
	copy(b[i:], after)
}

func TestSectionCountsThatNeedTheFirstHeader(t *testing.T) {
	e := edited(t, "btf")
	zero := e.data[e.order.Uint64(e.data[40:]):]
	e.order.PutUint64(zero[32:], uint64(len(e.file.Sections)))
	e.order.PutUint32(zero[40:], uint32(e.order.Uint16(e.data[62:])))
	e.order.PutUint16(e.data[60:], 0)
	e.order.PutUint16(e.data[62:], uint16(elf.SHN_XINDEX))
	if _, err := OpenBytes(e.data, Options{}); err != nil {
		t.Error(err)
	}
}

func TestStaticDataNeedsNoSymbol(t *testing.T) {
	e := edited(t, "data")
	e.drop("hidden")
	o, err := OpenBytes(e.data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := o.Map(".data.hidden").Definition(); d.Value == 0 {
		t.Errorf("no type: %+v", d)
	}
}

// Objects of old compilers have many sections, and the symbol is what a programmer knows.
func TestAFunctionWithoutATypeIsNamed(t *testing.T) {
	e := edited(t, "left_out")
	e.symbol("guarded")[4] &= 0xf0
	_, err := OpenBytes(e.data, Options{Name: "left_out"})
	compareRefusal(t, "function without a type", err, &Error{Stage: refuse.StageOpen,
		Class: ClassProgram, Object: "left_out", Section: "xdp", Symbol: "guarded"}, refuse.ErrUntyped)
}

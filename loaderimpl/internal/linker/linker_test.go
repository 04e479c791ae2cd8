// SPDX-License-Identifier: Apache-2.0

package linker

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// A piece is an object that a test writes: one section, and symbols in it or in none.
type piece struct {
	section objfile.NewSection
	symbols []objfile.NewSymbol
	relocs  []objfile.Relocation
}

// bytes writes the object.
func (p piece) bytes() []byte {
	var order objfile.ByteOrder = binary.LittleEndian
	w := &objfile.Writer{Order: order}
	w.Add(p.section)
	if len(p.relocs) > 0 {
		var data []byte
		for _, r := range p.relocs {
			data = order.AppendUint64(data, r.Offset)
			data = order.AppendUint64(data, uint64(r.Symbol)<<32|uint64(r.Type))
		}
		w.Add(objfile.NewSection{Name: ".rel" + p.section.Name, Type: elf.SHT_REL, EntSize: 16,
			Size: uint64(len(data)), Data: data, Link: 3, Info: 1})
	}
	first := uint32(1)
	for _, y := range p.symbols {
		if y.Bind == elf.STB_LOCAL {
			first++
		}
	}
	return w.Bytes(p.symbols, first)
}

// data returns an object with bytes of data.
func data(contents []byte, symbols ...objfile.NewSymbol) piece {
	return piece{section: objfile.NewSection{Name: ".data", Type: elf.SHT_PROGBITS,
		Flags: elf.SHF_ALLOC | elf.SHF_WRITE, Align: 8, Size: uint64(len(contents)),
		Data: contents}, symbols: symbols}
}

func objectSymbol(name string, value uint64) objfile.NewSymbol {
	return objfile.NewSymbol{Name: name, Bind: elf.STB_GLOBAL, Kind: elf.STT_OBJECT, Section: 1,
		Value: value, Size: 1}
}

func ofSection() objfile.NewSymbol {
	return objfile.NewSymbol{Kind: elf.STT_SECTION, Section: 1}
}

// linkPieces links objects that are called a, b and so on, and reads the result.
func linkPieces(t *testing.T, pieces ...piece) (*objfile.File, error) {
	t.Helper()
	var inputs []Input
	for i, p := range pieces {
		inputs = append(inputs, Input{string(rune('a' + i)), p.bytes()})
	}
	out, err := Link(inputs)
	if err != nil {
		return nil, err
	}
	file, err := objfile.Parse(out)
	if err != nil {
		t.Fatal(err)
	}
	return file, nil
}

func TestSectionsFollowEachOtherAligned(t *testing.T) {
	file, err := linkPieces(t, data([]byte{1, 2, 3}, objectSymbol("x", 0)),
		data([]byte{4, 5}, objectSymbol("y", 1)), data([]byte{6}, objectSymbol("z", 0)))
	if err != nil {
		t.Fatal(err)
	}
	s := file.Named(".data")
	want := []byte{1, 2, 3, 0, 0, 0, 0, 0, 4, 5, 0, 0, 0, 0, 0, 0, 6}
	if diff := cmp.Diff(want, s.Data); diff != "" {
		t.Errorf("bytes (-want +got):\n%s", diff)
	}
	got := make(map[string]uint64)
	for _, y := range s.Symbols {
		got[y.Name] = y.Value
	}
	if diff := cmp.Diff(map[string]uint64{"x": 0, "y": 9, "z": 16}, got); diff != "" {
		t.Errorf("symbols (-want +got):\n%s", diff)
	}
}

// Pointers in data that are relative to their section, as LLVM writes them, with the relocations of
// LLVM 13 and of those before.
func TestPointersToSectionsMove(t *testing.T) {
	for _, kind := range []uint32{objfile.RelocAbs64, objfile.Reloc64} {
		pointer := func(to byte) piece {
			p := data([]byte{to, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9}, ofSection())
			p.relocs = []objfile.Relocation{{Offset: 0, Symbol: 1, Type: kind}}
			return p
		}
		file, err := linkPieces(t, pointer(8), pointer(12))
		if err != nil {
			t.Fatal(err)
		}
		s := file.Named(".data")
		if a, b := s.Data[0], s.Data[16]; a != 8 || b != 16+12 {
			t.Errorf("type %d: pointers to %d and %d, want 8 and 28", kind, a, b)
		}
		relocs, err := file.Relocations(s)
		if err != nil || len(relocs) != 2 || relocs[1].Offset != 16 || relocs[1].Type != kind {
			t.Errorf("relocations %v, %v", relocs, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	ok := data([]byte{1, 2, 3, 4}, objectSymbol("x", 0))
	change := func(p piece, how func(*piece)) piece {
		how(&p)
		return p
	}
	bss := func(size uint64) piece {
		return piece{section: objfile.NewSection{Name: ".bss", Type: elf.SHT_NOBITS,
			Flags: elf.SHF_ALLOC | elf.SHF_WRITE, Size: size}}
	}
	license := func(text string) piece {
		return piece{section: objfile.NewSection{Name: "license", Type: elf.SHT_PROGBITS,
			Size: uint64(len(text)), Data: []byte(text)}}
	}
	for _, c := range []struct {
		name   string
		pieces []piece
		want   error
		says   []string
	}{
		{"no objects", nil, refuse.ClassInvalid, nil},
		{"a name twice", []piece{ok, ok}, refuse.ErrTwice, []string{"link b .data x", "in a"}},
		{"sections of two types", []piece{ok, change(ok, func(p *piece) {
			p.section.Type, p.symbols = elf.SHT_NOBITS, nil
		})}, refuse.ErrOtherKind, []string{"link b .data", "SHT_PROGBITS in a"}},
		{"sections of two flags", []piece{ok, change(ok, func(p *piece) {
			p.section.Flags, p.symbols = elf.SHF_ALLOC, nil
		})}, refuse.ErrOtherKind, []string{"link b .data"}},
		{"two licences", []piece{license("GPL\x00"), license("MIT\x00")}, refuse.ErrOtherContents,
			[]string{"MIT", "GPL"}},
		{"sizes that do not fit 32 bits", []piece{bss(math.MaxUint32), bss(2)}, refuse.ErrLinkLarge,
			[]string{"link b .bss"}},
		{"sizes that wrap", []piece{bss(8), bss(math.MaxUint64 - 7)}, refuse.ErrLinkLarge, nil},
		{"alignment that wraps", []piece{bss(8), change(bss(8), func(p *piece) {
			p.section.Align = 1 << 63
		})}, refuse.ErrLinkLarge, nil},
		{"odd alignment", []piece{change(ok, func(p *piece) { p.section.Align = 3 })},
			refuse.ErrELF, []string{"link a .data", "alignment 3"}},
		{"half an instruction", []piece{change(ok, func(p *piece) {
			p.section.Flags |= elf.SHF_EXECINSTR
		})}, refuse.ErrELF, nil},
		{"compressed", []piece{change(ok, func(p *piece) {
			p.section.Flags |= elf.SHF_COMPRESSED
		})}, refuse.ErrCompressed, nil},
		{"section of another kind", []piece{change(ok, func(p *piece) {
			p.section.Type = elf.SHT_NOTE
		})}, refuse.ErrSection, nil},
		{"odd binding", []piece{change(ok, func(p *piece) {
			p.symbols = []objfile.NewSymbol{{Name: "x", Bind: elf.STB_LOOS, Section: 1}}
		})}, refuse.ErrELF, nil},
		{"extern with a size", []piece{change(ok, func(p *piece) {
			p.symbols = []objfile.NewSymbol{{Name: "x", Bind: elf.STB_GLOBAL, Size: 4}}
		})}, refuse.ErrELF, nil},
		{"extern without types", []piece{change(ok, func(p *piece) {
			p.symbols = []objfile.NewSymbol{{Name: "y", Bind: elf.STB_GLOBAL}}
		})}, refuse.ErrNoTypes, []string{"link a y"}},
		{"weak ones without types", []piece{
			change(ok, func(p *piece) { p.symbols = weak(p.symbols) }),
			change(ok, func(p *piece) { p.symbols = weak(p.symbols) }),
		}, refuse.ErrNoTypes, nil},
		{"relocation of another kind", []piece{change(ok, func(p *piece) {
			p.relocs = []objfile.Relocation{{Symbol: 1, Type: 99}}
		})}, refuse.ErrRelocation, []string{"link a .data x"}},
		{"relocation beyond the end", []piece{change(ok, func(p *piece) {
			p.relocs = []objfile.Relocation{{Symbol: 1, Type: objfile.RelocAbs64}}
		})}, refuse.ErrRelocation, nil},
	} {
		_, err := linkPieces(t, c.pieces...)
		var e *refuse.Error
		if !errors.As(err, &e) || e.Stage != refuse.StageLink || !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
			continue
		}
		for _, want := range c.says {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", c.name, err, want)
			}
		}
	}
}

// All that is wrong is said at once, each with both objects.
func TestConflictsOfSeveralKindsAreAllReported(t *testing.T) {
	a := data([]byte{1, 2, 3, 4}, objectSymbol("x", 0), objectSymbol("y", 1))
	b := data([]byte{1, 2, 3, 4}, objectSymbol("x", 0), objectSymbol("y", 1))
	b.section.Flags = elf.SHF_ALLOC
	c := data([]byte{1}, objectSymbol("x", 0))
	_, err := linkPieces(t, a, b, c)
	var e *refuse.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	list, ok := e.Err.(Several)
	if !ok {
		t.Fatalf("one error: %v", err)
	}
	var got []string
	for _, one := range list {
		got = append(got, fmt.Sprint(one.Object, " ", one.Section, " ", one.Symbol, " ",
			errors.Is(one, refuse.ErrOtherKind), " ", errors.Is(one, refuse.ErrTwice)))
		if !strings.Contains(one.Error(), " in a") {
			t.Errorf("%v does not name the other object", one)
		}
	}
	want := []string{"b .data  true false", "b .data x false true", "c .data x false true",
		"b .data y false true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("conflicts (-want +got):\n%s", diff)
	}
}

func weak(symbols []objfile.NewSymbol) []objfile.NewSymbol {
	var all []objfile.NewSymbol
	for _, y := range symbols {
		y.Bind = elf.STB_WEAK
		all = append(all, y)
	}
	return all
}

// Each order of three objects that call each other gives the same symbols; only their places
// differ. To link the first two and then the third gives the same bytes as all at once.
func TestLinkingInStepsIsLinkingAtOnce(t *testing.T) {
	const folder = "../../../objects/linking/el/"
	for _, names := range [][]string{
		{"chain_first", "chain_second", "chain_third"},
		{"chain_third", "chain_first", "chain_second"},
		{"mutual_first", "mutual_second", "function", "caller"},
		{"function_weak", "caller", "function"},
		{"variable_weak", "reader", "variable_data"},
		{"function_static", "function_static_other", "caller", "function"},
	} {
		var inputs []Input
		for _, name := range names {
			inputs = append(inputs, Input{name, readFile(t, filepath.Join(folder, name+".o"))})
		}
		at := func(all ...Input) []byte {
			out, err := Link(all)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		once := at(inputs...)
		steps := inputs[0]
		for _, in := range inputs[1:] {
			steps = Input{"steps", at(steps, in)}
		}
		if string(once) != string(steps.Data) {
			t.Errorf("%v: %d bytes at once, and other %d in steps", names, len(once),
				len(steps.Data))
		}
	}
}

// Whether a place is in a function that lost is found as by looking at each of them.
func TestDeadCodeIsFoundInAnyOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var dead []span
		for range random.IntN(8) {
			start := random.Uint64N(64)
			dead = append(dead, span{random.IntN(3), start, start + random.Uint64N(16)})
		}
		o := object{dead: joined(slices.Clone(dead))}
		for section := range 3 {
			for at := range uint64(80) {
				want := slices.ContainsFunc(dead, func(d span) bool {
					return d.section == section && d.start <= at && at < d.end
				})
				if got := o.isDead(section, at); got != want {
					t.Fatalf("%v: byte %d of section %d: %v", dead, at, section, got)
				}
			}
		}
	}
}

// copies returns so many objects of a chain of functions: the first one with its names changed, so
// that each has its own.
func copies(t *testing.T, n int) []Input {
	t.Helper()
	data := readFile(t, "../../../objects/linking/el/chain_third.o")
	var all []Input
	for i := range n {
		changed := data
		for _, name := range []string{"third", "last", "run_third"} {
			to := fmt.Appendf(nil, "\x00%0*d\x00", len(name), i)
			changed = bytes.ReplaceAll(changed, []byte("\x00"+name+"\x00"), to)
		}
		all = append(all, Input{fmt.Sprint(i), changed})
	}
	return all
}

// What linking allocates grows with the number of objects, and no faster.
func TestMemoryGrowsAsTheInputDoes(t *testing.T) {
	allocated := func(n int) float64 {
		inputs := copies(t, n)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		out, err := Link(inputs)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		if file, err := objfile.Parse(out); err != nil || len(file.Symbols) < 3*n {
			t.Fatalf("%d objects: %d symbols, %v", n, len(file.Symbols), err)
		}
		return float64(after.TotalAlloc-before.TotalAlloc) / float64(n)
	}
	few, many := allocated(100), allocated(1600)
	if many > 1.5*few {
		t.Errorf("%.0f bytes for each of 100 objects, and %.0f for each of 1600", few, many)
	}
}

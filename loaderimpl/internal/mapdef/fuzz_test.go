// SPDX-License-Identifier: Apache-2.0

package mapdef

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// readTest reads a test object of this machine's byte order.
func readTest(t testing.TB, name string) []byte {
	t.Helper()
	order := "el"
	if !objfile.NativeLittle {
		order = "eb"
	}
	data, err := os.ReadFile("../../testdata/" + name + ".bpf" + order + ".o")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// FuzzLegacy fuzzes the bytes of section maps and the places of its symbols.
func FuzzLegacy(f *testing.F) {
	for _, name := range []string{"legacy", "refused/legacy_tail", "refused/legacy_short"} {
		e := readTest(f, name)
		file, err := objfile.Parse(e)
		if err != nil {
			f.Fatal(err)
		}
		s := file.Named(legacySection)
		f.Add(s.Data, uint16(s.Symbols[0].Value), uint16(s.Symbols[0].Size), uint16(20), uint16(0))
	}
	f.Fuzz(func(t *testing.T, data []byte, at1, size1, at2, size2 uint16) {
		s := &objfile.Section{Name: legacySection, Data: data, Size: uint64(len(data))}
		for _, p := range [][2]uint16{{at1, size1}, {at2, size2}} {
			y := &objfile.Symbol{Name: strings.Repeat("m", int(p[0])%7+1), Bind: 1, Value: uint64(p[0]), Size: uint64(p[1])}
			if y.Value > s.Size || y.Size > s.Size-y.Value {
				return // the ELF reader lets no such symbol through
			}
			s.Symbols = append(s.Symbols, y)
		}
		for _, ignoreUnknown := range []bool{false, true} {
			defs, err := legacyParser{}.define(&Input{File: &objfile.File{Order: objfile.NativeOrder()}, IgnoreUnknown: ignoreUnknown}, s, nil)
			if err == nil && len(defs) != 2 {
				t.Fatalf("%d definitions of 2 symbols", len(defs))
			}
		}
	})
}

// FuzzBTF fuzzes the types under a good table of symbols.
func FuzzBTF(f *testing.F) {
	base := make(map[string]*objfile.File)
	names := []string{"btf", "inner", "data", "calls"}
	for i, name := range names {
		file, err := objfile.Parse(readTest(f, name))
		if err != nil {
			f.Fatal(err)
		}
		base[name] = file
		f.Add(uint8(i), file.Named(typeinfo.Section).Data)
	}
	f.Fuzz(func(t *testing.T, which uint8, types []byte) {
		file := *base[names[int(which)%len(names)]]
		file.Sections = slices.Clone(file.Sections)
		file.Named(typeinfo.Section).Data = types
		spec, err := typeinfo.Parse(&file)
		if err != nil {
			return
		}
		if _, err := Find(&Input{File: &file, Types: spec, IgnoreUnknown: true}); err == nil {
			return
		} else if typed := (*refuse.Error)(nil); !errors.As(err, &typed) || typed.Class == "" {
			t.Fatalf("error %#v is not typed", err)
		}
	})
}

// FuzzHandled fuzzes the bytes of a section that a handler is for, and the places of its symbols.
func FuzzHandled(f *testing.F) {
	f.Add(make([]byte, 96), uint16(0), uint16(32), uint16(64), uint16(32))
	f.Fuzz(func(t *testing.T, data []byte, at1, size1, at2, size2 uint16) {
		s := &objfile.Section{Name: "vendor_maps", Type: 1, Data: data, Size: uint64(len(data))}
		for i, p := range [][2]uint16{{at1, size1}, {at2, size2}} {
			y := &objfile.Symbol{Name: string(rune('a' + i)), Bind: 1, Value: uint64(p[0]), Size: uint64(p[1])}
			if y.Value > s.Size || y.Size > s.Size-y.Value {
				return // the ELF reader lets no such symbol through
			}
			s.Symbols = append(s.Symbols, y)
		}
		total := 0
		h := Handler{Section: s.Name, Define: func(d *Draft) error {
			total += len(d.Raw)
			d.Type = ebpf.Array
			return nil
		}}
		in := &Input{File: &objfile.File{Order: objfile.NativeOrder()}, Handlers: []Handler{h}}
		defs, err := in.parserOf(s).define(in, s, nil)
		if typed := (*refuse.Error)(nil); err != nil && (!errors.As(err, &typed) || typed.Class == "") {
			t.Fatalf("error %#v is not typed: %v", err, err)
		}
		if err == nil && len(defs) != 2 || total > len(data) {
			t.Fatalf("%d definitions of 2 symbols, %d bytes of %d", len(defs), total, len(data))
		}
	})
}

func TestMoreMapsThanIproute2Takes(t *testing.T) {
	for n, want := range map[int]error{iproute2MaxMaps: nil, iproute2MaxMaps + 1: refuse.ErrTooMany} {
		s := &objfile.Section{Name: legacySection}
		for i := range n {
			s.Symbols = append(s.Symbols, &objfile.Symbol{Name: fmt.Sprint("m", i), Bind: 1, Value: s.Size, Size: iproute2Size})
			s.Data = append(append(s.Data, objfile.NativeOrder().AppendUint32(nil, 2)...), make([]byte, iproute2Size-4)...)
			s.Size = uint64(len(s.Data))
		}
		defs, err := legacyParser{}.define(&Input{File: &objfile.File{Order: objfile.NativeOrder()}, Layout: LayoutIproute2}, s, nil)
		if !errors.Is(err, want) || want == nil && len(defs) != n {
			t.Errorf("%d maps: %d and error %v, want %v", n, len(defs), err, want)
		}
	}
}

// FuzzLayouts fuzzes definitions of each layout that refer to each other.
func FuzzLayouts(f *testing.F) {
	for i, name := range []string{"iproute2", "samples", "refused/elf_slot_twice", "refused/samples_inner_later"} {
		file, err := objfile.Parse(readTest(f, name))
		if err != nil {
			f.Fatal(err)
		}
		s := file.Named(legacySection)
		f.Add(s.Data, uint8(s.Symbols[0].Size), uint8(i))
	}
	all := []Layout{LayoutIproute2, LayoutSamples, LayoutLegacy, LayoutByRule}
	f.Fuzz(func(t *testing.T, data []byte, size, which uint8) {
		s := &objfile.Section{Name: legacySection, Data: data, Size: uint64(len(data))}
		for off := uint64(0); size > 0 && off+uint64(size) <= s.Size; off += uint64(size) {
			s.Symbols = append(s.Symbols, &objfile.Symbol{Name: fmt.Sprint("m", off), Bind: 1, Value: off, Size: uint64(size)})
		}
		for _, ignoreUnknown := range []bool{false, true} {
			defs, err := legacyParser{}.define(&Input{File: &objfile.File{Order: objfile.NativeOrder()}, IgnoreUnknown: ignoreUnknown, Layout: all[int(which)%len(all)]}, s, nil)
			if err == nil {
				checkConnections(t, defs)
			}
		}
	})
}

// checkConnections holds maps of maps to what the rest of a load relies on.
func checkConnections(t *testing.T, defs []*Definition) {
	t.Helper()
	for _, d := range defs {
		pinned := d.Iproute2 != nil && d.Iproute2.Pinning != Iproute2PinNone
		if HoldsMaps(d.Type) != (d.Inner != nil) && d.Source != SourceLegacy && !(HoldsMaps(d.Type) && pinned) {
			t.Fatalf("a map of type %v with inner map %v", d.Type, d.Inner)
		}
		if d.Inner != nil && (HoldsMaps(d.Inner.Type) || d.Inner.Inner != nil) {
			t.Fatalf("maps in maps in maps: %+v", d)
		}
		for i, slot := range d.Slots {
			if i > 0 && d.Slots[i-1].Index > slot.Index || d.Type == ebpf.HashOfMaps && d.KeySize != 4 {
				t.Fatalf("slots %v of a map with keys of %d bytes", d.Slots, d.KeySize)
			}
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"cmp"
	"debug/elf"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// libbpfOrder lists the maps of an object in the order of libbpf's bpf_object__init_maps, by what
// package debug/elf says of sections and symbols. libbpf sorts the variables of section .maps by
// their offsets before it reads them (btf_fixup_datasec).
func libbpfOrder(t *testing.T, path string) (names, bySection []string) {
	t.Helper()
	f, err := elf.Open(path)
	do(t, err)
	defer f.Close()
	symbols, err := f.Symbols()
	do(t, err)
	defined := func(section int) []string {
		in := slices.DeleteFunc(slices.Clone(symbols), func(s elf.Symbol) bool {
			return int(s.Section) != section || elf.ST_TYPE(s.Info) != elf.STT_OBJECT
		})
		slices.SortFunc(in, func(a, b elf.Symbol) int { return cmp.Compare(a.Value, b.Value) })
		var names []string
		for _, s := range in {
			names = append(names, s.Name)
		}
		return names
	}
	var maps, btf, data, options, structs []string
	for _, s := range symbols {
		if s.Section == elf.SHN_UNDEF && (strings.HasPrefix(s.Name, "CONFIG_") || strings.HasPrefix(s.Name, "LINUX_")) {
			options = []string{".kconfig"}
		}
	}
	for i, s := range f.Sections {
		var found []string
		base, _, _ := strings.Cut(strings.TrimPrefix(s.Name, "."), ".")
		switch {
		case s.Name == "maps":
			found = defined(i)
			maps = append(maps, found...)
		case s.Name == ".maps":
			found = defined(i)
			btf = append(btf, found...)
		case s.Flags&elf.SHF_ALLOC != 0 && s.Size > 0 && strings.HasPrefix(s.Name, ".") && slices.Contains([]string{"data", "rodata", "bss", "percpu"}, base): // the last is none of libbpf's
			found = []string{s.Name}
			data = append(data, found...)
		case strings.HasPrefix(strings.TrimPrefix(s.Name, "?"), ".struct_ops"):
			found = defined(i)
			structs = append(structs, found...)
		}
		bySection = append(bySection, found...)
	}
	return slices.Concat(maps, btf, data, options, structs), bySection
}

func TestMapsComeInLibbpfsOrder(t *testing.T) {
	paths, err := filepath.Glob("../objects/*/el/*.o")
	do(t, err)
	ours, err := filepath.Glob("testdata/*.bpfel.o")
	do(t, err)
	read, moved := 0, 0
	for _, path := range append(paths, ours...) {
		o, err := Open([]string{path}, Options{})
		if err != nil {
			continue // made to be refused, or to need a handler
		}
		var got []string
		for _, m := range o.Maps() {
			got = append(got, m.Name())
		}
		want, bySection := libbpfOrder(t, path)
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", path, diff)
		}
		read++
		if !slices.Equal(want, bySection) {
			moved++
		}
	}
	if read < 200 || moved == 0 {
		t.Errorf("%d objects were read, and in %d the order is not that of sections: this test tests nothing", read, moved)
	}
}

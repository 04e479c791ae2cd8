// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"debug/elf"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// readTypes reads types as from a file of the name.
func readTypes(t testing.TB, name string, raw []byte) *Types {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	do(t, os.WriteFile(path, raw, 0o600))
	types, err := ReadTypes(path)
	do(t, err)
	return types
}

// splitOf makes types that go on from those of a kernel.
func splitOf(t testing.TB, base *typeinfo.Types, types ...btf.Type) []byte {
	t.Helper()
	raw, err := marshal(types)
	do(t, err)
	whole, err := typeinfo.ParseWhole(raw)
	do(t, err)
	return whole.GoOn(base)
}

// elfOf makes an ELF file of sections.
func elfOf(sections map[string][]byte) []byte {
	w := objfile.Writer{Order: objfile.NativeOrder()}
	for name, data := range sections {
		w.Add(objfile.NewSection{Name: name, Type: elf.SHT_PROGBITS, Size: uint64(len(data)), Data: data})
	}
	return w.Bytes(nil, 1)
}

// TestTypesAreReadFromFiles has the forms in which types come, and what is none.
func TestTypesAreReadFromFiles(t *testing.T) {
	raw, err := marshal([]btf.Type{task(44)})
	do(t, err)
	for name, data := range map[string][]byte{"raw": raw, "ELF": elfOf(map[string][]byte{typeinfo.Section: raw})} {
		types, err := readTypes(t, name, data).file.Whole()
		if err != nil || len(types.Named(typeinfo.NameOf("task_struct"))) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadTypes(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, ClassIO) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	for name, c := range map[string]struct {
		data  []byte
		class Class
	}{
		"empty": {nil, ClassBTF}, "text": {[]byte("#include"), ClassBTF}, "cut": {raw[:len(raw)-1], ClassBTF},
		"ELF without types": {elfOf(nil), ClassBTFMissing}, "cut ELF": {elfOf(nil)[:50], ClassELF},
		"ELF with garbage": {elfOf(map[string][]byte{typeinfo.Section: raw[4:]}), ClassBTF},
	} {
		path := filepath.Join(t.TempDir(), "types")
		do(t, os.WriteFile(path, c.data, 0o600))
		if _, err := ReadTypes(path); !errors.Is(err, c.class) {
			t.Errorf("%s: %v, want %v", name, err, c.class)
		}
	}
}

// TestTypesBesideTheKernelsAreFound loads an object by types that go on from the running kernel's.
func TestTypesBesideTheKernelsAreFound(t *testing.T) {
	needsBPF(t)
	vmlinux, err := runningKernel{}.Vmlinux()
	do(t, err)
	integer := &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}
	meta := func(offset uint32) btf.Type {
		return &btf.Struct{Name: "loadstone_meta", Size: 64, Members: []btf.Member{{Name: "mark", Type: integer, Offset: btf.Bits(8 * offset)}}}
	}
	a := readTypes(t, "nic_a.btf", splitOf(t, vmlinux, meta(12)))
	b := readTypes(t, "nic_b.btf", splitOf(t, vmlinux, meta(20)))
	whole, err := marshal([]btf.Type{meta(28)})
	do(t, err)
	for want, given := range map[uint32]*Types{12: a, 20: b, 28: readTypes(t, "whole.btf", whole)} {
		l, err := openTest(t, "core_extra", Options{}).Load(LoadOptions{ExtraTypes: []*Types{given}})
		do(t, err)
		if got := run(t, l, "offset"); got != want {
			t.Errorf("mark at %d, want %d", got, want)
		}
		do(t, l.Close())
	}
	_, err = openTest(t, "core_extra", Options{}).Load(LoadOptions{ExtraTypes: []*Types{a, b}})
	if !errors.Is(err, refuse.ErrAmbiguousType) || !strings.Contains(err.Error(), "12 in struct loadstone_meta of "+a.file.Path) ||
		!strings.Contains(err.Error(), "20 in struct loadstone_meta of "+b.file.Path) {
		t.Errorf("both: %v, want %v that names both", err, refuse.ErrAmbiguousType)
	}
	for want, chosen := range map[uint32]*Types{12: a, 20: b} {
		l, err := openTest(t, "core_extra", Options{}).Load(LoadOptions{ExtraTypes: []*Types{a, b},
			Choices: map[string]TypeChoice{"loadstone_meta": {Source: chosen.file.Path}}})
		do(t, err)
		if got := run(t, l, "offset"); got != want {
			t.Errorf("chosen: mark at %d, want %d", got, want)
		}
		do(t, l.Close())
	}
	for class, choice := range map[Class]map[string]TypeChoice{
		ClassInvalid:    {"loadstone_met": {Source: a.file.Path}},
		ClassRelocation: {"loadstone_meta": {Source: "vmlinux"}},
	} {
		_, err := openTest(t, "core_extra", Options{}).Load(LoadOptions{ExtraTypes: []*Types{a, b}, Choices: choice})
		if !errors.Is(err, class) {
			t.Errorf("chosen %v: %v, want %v", choice, err, class)
		}
	}
	if _, err := openTest(t, "core_extra", Options{}).Load(LoadOptions{}); !errors.Is(err, refuse.ErrNoSuchType) {
		t.Errorf("neither: %v, want %v", err, refuse.ErrNoSuchType)
	}
}

// TestWrongTypesAreRefusedFirst gives types that are not this kernel's: nothing is made then.
func TestWrongTypesAreRefusedFirst(t *testing.T) {
	needsBPF(t)
	other, err := typeinfo.ParseWhole(kernelTypes(nil))
	do(t, err)
	split := readTypes(t, "nic.btf", splitOf(t, other, &btf.Struct{Name: "loadstone_meta", Size: 4}))
	for name, c := range map[string]struct {
		opts  LoadOptions
		class Class
	}{
		"of another kernel":      {LoadOptions{ExtraTypes: []*Types{split}}, ClassBTF},
		"as those of the kernel": {LoadOptions{KernelTypes: split}, ClassInvalid},
	} {
		o := openTest(t, "btf", Options{}) // has maps, and no relocations
		_, err := o.Load(c.opts)
		var e *Error
		if !errors.As(err, &e) || e.Class != c.class || e.Stage != "relocate" || !strings.Contains(err.Error(), "nic.btf") {
			t.Errorf("%s: %v, want %v", name, err, c.class)
		}
	}
}

// TestGivenTypesAreParsedOnce gives the same types twice, and then on another kernel's.
func TestGivenTypesAreParsedOnce(t *testing.T) {
	one, err := typeinfo.ParseWhole(kernelTypes(nil))
	do(t, err)
	two, err := typeinfo.ParseWhole(kernelTypes(nil))
	do(t, err)
	given := readTypes(t, "nic.btf", splitOf(t, one, task(8)))
	first, err := given.file.On("one", one)
	do(t, err)
	again, err := given.file.On("one", one)
	if err != nil || again != first {
		t.Errorf("parsed again: %v", err)
	}
	other, err := given.file.On("two", two)
	if err != nil || other == first {
		t.Errorf("on another kernel: %p, then %p, %v", first, other, err)
	}
}

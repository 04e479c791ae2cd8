// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// loadsOf returns what a binder is given for what was loaded.
func loadsOf(l *Loaded) []*mapLoad {
	var loads []*mapLoad
	for _, m := range l.object.maps {
		loads = append(loads, &mapLoad{Map: m, kernel: l.Maps[m.def.Name]})
	}
	return loads
}

func TestReadOnlyDataIsBoundToEveryProgram(t *testing.T) {
	l := load(t, "data", Options{}, nil)
	if l.Unbound != nil {
		t.Errorf("unbound: %v", l.Unbound)
	}
	var want, got []string
	bind := func(program, mapFD int) error {
		got = append(got, fmt.Sprint(program, mapFD))
		return sys.BindMap(program, mapFD) // once more: what is bound already is no error
	}
	if unbound, err := (binder{sys.HasBindMap, bind}).bindAll(loadsOf(l), l.Programs); unbound != nil || err != nil {
		t.Errorf("again: %v, %v", unbound, err)
	}
	for name, p := range l.Programs {
		info, err := p.Info()
		if err != nil {
			t.Fatal(err)
		}
		held, _ := info.MapIDs()
		for _, m := range l.object.maps {
			if !m.def.Frozen() {
				continue
			}
			facts, err := l.Maps[m.def.Name].Info()
			if err != nil {
				t.Fatal(err)
			}
			if id, _ := facts.ID(); !slices.Contains(held, id) {
				t.Errorf("program %s does not hold %s", name, m.def.Name)
			}
			want = append(want, fmt.Sprint(p.FD(), l.Maps[m.def.Name].FD()))
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Errorf("bound, of %d:\n%s", len(want), diff)
	}
}

func TestKernelsThatCannotBindStillLoad(t *testing.T) {
	l := load(t, "data", Options{}, nil)
	bind := func(int, int) error { t.Error("asked to bind"); return nil }
	cannot := binder{func() bool { return false }, bind}
	unbound, err := cannot.bindAll(loadsOf(l), l.Programs)
	if !errors.Is(unbound, ClassNotInKernel) || err != nil {
		t.Errorf("%v, %v", unbound, err)
	}
	if unbound, err := cannot.bindAll(loadsOf(l), nil); unbound != nil || err != nil {
		t.Errorf("without a program: %v, %v", unbound, err)
	}
	without := load(t, "btf", Options{}, nil)
	if unbound, err := cannot.bindAll(loadsOf(without), without.Programs); unbound != nil || err != nil {
		t.Errorf("without data: %v, %v", unbound, err)
	}
}

func TestBindingThatFailsIsARefusal(t *testing.T) {
	l := load(t, "data", Options{}, nil)
	full := binder{func() bool { return true }, func(int, int) error { return syscall.ENOMEM }}
	unbound, err := full.bindAll(loadsOf(l), l.Programs)
	var e *refuse.Error
	if unbound != nil || !errors.Is(err, syscall.ENOMEM) || !errors.As(err, &e) ||
		e.Stage != refuse.StageLoad || e.Symbol == "" || e.Section == "" {
		t.Errorf("%v, %+v", unbound, err)
	}
}

// Descriptors that are none are EBADF where the kernel knows the command, which every kernel that
// the loader is for does.
func TestKernelIsAskedWhetherItBinds(t *testing.T) {
	needsBPF(t)
	if !sys.HasBindMap() {
		t.Error("this kernel binds no maps")
	}
}

// objectOfSuite returns the path of an object of a suite, in this machine's byte order.
func objectOfSuite(suite, name string) string {
	order := "el"
	if objfile.NativeOrder() == binary.BigEndian {
		order = "eb"
	}
	return filepath.Join("..", "objects", suite, order, name+".o")
}

// Section .metadata is of the caller's choice. It is not for programs to refer to, unless it is
// read.
func TestSectionMetadataIsReadOnRequest(t *testing.T) {
	needsBPF(t)
	for asked, want := range map[bool][]string{false: {".rodata"}, true: {".metadata", ".rodata"}} {
		o, err := Open([]string{objectOfSuite("metadata", "section")}, Options{MetadataSection: asked})
		do(t, err)
		l, err := o.Load(LoadOptions{})
		do(t, err)
		defer l.Close()
		if got := slices.Sorted(maps.Keys(l.Maps)); !slices.Equal(got, want) {
			t.Errorf("asked for: %v: maps %v, want %v", asked, got, want)
		}
		info, err := l.Programs["nothing"].Info()
		do(t, err)
		if held, _ := info.MapIDs(); len(held) != len(want) {
			t.Errorf("asked for: %v: the program holds %d maps, want %d", asked, len(held), len(want))
		}
		if !asked {
			continue
		}
		facts, err := l.Maps[".metadata"].Info()
		do(t, err)
		if facts.Name != "sectio.metadata" || facts.Flags&mapdef.FlagReadOnly == 0 || !facts.Frozen() {
			t.Errorf("%s: flags %#x, frozen: %v", facts.Name, facts.Flags, facts.Frozen())
		}
	}
}

func TestDataIsNamedInTheKernelAsTheCallerAsks(t *testing.T) {
	needsBPF(t)
	for bySection, want := range map[bool][]string{
		false: {".rodata.build", ".rodata.time", "several.rodata"},
		true:  {".rodata", ".rodata.build", ".rodata.time"},
	} {
		o, err := Open([]string{objectOfSuite("metadata", "several")}, Options{NameDataBySection: bySection})
		do(t, err)
		l, err := o.Clone().Load(LoadOptions{})
		do(t, err)
		defer l.Close()
		var got []string
		for _, m := range l.Maps {
			info, err := m.Info()
			do(t, err)
			got = append(got, info.Name)
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("by section: %v: %s", bySection, diff)
		}
	}
}

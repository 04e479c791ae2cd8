// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/code"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// givenTypes stands for a kernel whose modules have the types in it, or the errors that reading
// them ends with.
type givenTypes struct {
	vmlinux []btf.Type
	modules map[string]any
}

func (g givenTypes) Vmlinux() (*typeinfo.Types, error) {
	raw, err := marshal(g.vmlinux)
	if err != nil {
		return nil, err
	}
	return typeinfo.ParseKernel(raw, nil)
}

func (g givenTypes) Modules() ([]string, error) { return slices.Sorted(maps.Keys(g.modules)), nil }

// Module returns whole types as those of a module: they go on from those of vmlinux, and do not use
// them.
func (g givenTypes) Module(name string) ([]byte, error) {
	if err, isErr := g.modules[name].(error); isErr {
		return nil, err
	}
	vmlinux, err := marshal(g.vmlinux)
	if err != nil {
		return nil, err
	}
	base, err := typeinfo.ParseKernel(vmlinux, nil)
	if err != nil {
		return nil, err
	}
	raw, err := marshal(g.modules[name].([]btf.Type))
	if err != nil {
		return nil, err
	}
	own, err := typeinfo.ParseKernel(raw, nil)
	if err != nil {
		return nil, err
	}
	return own.GoOn(base), nil
}

// marshal returns BTF of types.
func marshal(types []btf.Type) ([]byte, error) {
	b, err := btf.NewBuilder(types, nil)
	if err != nil {
		return nil, err
	}
	return b.Marshal(nil, &btf.MarshalOptions{Order: objfile.NativeOrder()})
}

// task returns a struct task_struct with tgid at an offset.
func task(offset uint32) btf.Type {
	integer := &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}
	return &btf.Struct{Name: "task_struct", Size: 64,
		Members: []btf.Member{{Name: "tgid", Type: integer, Offset: btf.Bits(8 * offset)}}}
}

var errGarbage = errors.New("not BTF")

// TestAModuleOfNoMatterDoesNotEndCORE has modules that vanish, that cannot be parsed, and that have
// a type of the same name.
func TestAModuleOfNoMatterDoesNotEndCORE(t *testing.T) {
	other := []btf.Type{&btf.Struct{Name: "other", Size: 1}}
	own := func(types ...btf.Type) []btf.Type { return types }
	for name, c := range map[string]struct {
		kernel givenTypes
		want   int32 // offset of tgid
		err    error
	}{
		"in vmlinux": {givenTypes{own(task(44)), map[string]any{
			"gone": fs.ErrNotExist, "garbage": errGarbage, "twin": own(task(8)),
		}}, 44, nil},
		"in a module": {givenTypes{other, map[string]any{
			"gone": fs.ErrNotExist, "garbage": errGarbage, "has": own(task(12)),
		}}, 12, nil},
		"maybe in a module": {givenTypes{other, map[string]any{
			"gone": fs.ErrNotExist, "garbage": errGarbage,
		}}, 0, ClassNotInKernel},
	} {
		t.Run(name, func(t *testing.T) {
			o := openTest(t, "core", Options{})
			b, err := code.Assemble(o.functions, o.Program("use").function, o.file.Order, nil, nil)
			do(t, err)
			c2 := &coreRelocator{object: o, kernel: c.kernel}
			err = export(o.name, c2.applyCORE(b))
			if c.err != nil {
				if !errors.Is(err, c.err) || !errors.Is(err, errGarbage) {
					t.Errorf("%v, want %v that wraps %v", err, c.err, errGarbage)
				}
				return
			}
			do(t, err)
			if got := int32(o.file.Order.Uint32(b.Code[4:])); got != c.want {
				t.Errorf("tgid at %d, want %d", got, c.want)
			}
		})
	}
}

// TestAModuleOfNoMatterDoesNotEndAttaching does the same with what a program is attached to.
func TestAModuleOfNoMatterDoesNotEndAttaching(t *testing.T) {
	void := &btf.FuncProto{Return: &btf.Void{}}
	has := []btf.Type{&btf.Func{Name: "bpf_iter_thing", Type: void}}
	other := []btf.Type{&btf.Func{Name: "bpf_iter_other", Type: void}}
	bad := map[string]any{"gone": fs.ErrNotExist, "garbage": errGarbage}
	kind := ProgramKind{Type: ebpf.Tracing, AttachType: ebpf.AttachTraceIter, AttachTo: "thing"}

	c := &coreRelocator{kernel: givenTypes{has, bad}}
	if id, handle, err := c.attachTarget(kind); err != nil || id == 0 || handle != nil {
		t.Errorf("in vmlinux: type %d, %v, %v", id, handle, err)
	}
	c.kernel = givenTypes{other, bad}
	if _, _, err := c.attachTarget(kind); !errors.Is(export("", err), ClassNotInKernel) {
		t.Errorf("with a module that cannot be read: %v, want %v", err, ClassNotInKernel)
	}
	c.kernel = givenTypes{other, map[string]any{"gone": fs.ErrNotExist}}
	if _, _, err := c.attachTarget(kind); !errors.Is(export("", err), ClassNotFound) {
		t.Errorf("nowhere: %v, want %v", err, ClassNotFound)
	}
}

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
)

// givenTypes stands for a kernel whose modules have the types in it, or the errors that reading
// them ends with.
type givenTypes struct {
	vmlinux *btf.Spec
	modules map[string]any
}

func (g givenTypes) Kernel() (*btf.Spec, error) { return g.vmlinux, nil }
func (g givenTypes) Modules() ([]string, error) { return slices.Sorted(maps.Keys(g.modules)), nil }
func (g givenTypes) Spec(name string) (*btf.Spec, error) {
	if err, isErr := g.modules[name].(error); isErr {
		return nil, err
	}
	return g.modules[name].(*btf.Spec), nil
}

// specOf returns BTF of a few types.
func specOf(t testing.TB, types ...btf.Type) *btf.Spec {
	t.Helper()
	b, err := btf.NewBuilder(types, nil)
	do(t, err)
	spec, err := b.Spec()
	do(t, err)
	return spec
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
	other := specOf(t, &btf.Struct{Name: "other", Size: 1})
	for name, c := range map[string]struct {
		kernel givenTypes
		want   int32 // offset of tgid
		err    error
	}{
		"in vmlinux": {givenTypes{specOf(t, task(44)), map[string]any{
			"gone": fs.ErrNotExist, "garbage": errGarbage, "twin": specOf(t, task(8)),
		}}, 44, nil},
		"in a module": {givenTypes{other, map[string]any{
			"gone": fs.ErrNotExist, "garbage": errGarbage, "has": specOf(t, task(12)),
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
	has := specOf(t, &btf.Func{Name: "bpf_iter_thing", Type: void})
	other := specOf(t, &btf.Func{Name: "bpf_iter_other", Type: void})
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

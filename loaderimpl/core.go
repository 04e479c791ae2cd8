// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/code"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// A coreRelocator applies CO-RE relocations to the programs of an object.
type coreRelocator struct {
	object      *Object
	kernelTypes *btf.Spec   // to be used in place of the running kernel's; nil for none
	extraTypes  []*btf.Spec // that relocations may find beside them
	kernel      *btf.Cache

	types *btf.Spec     // the object's; nil until needed
	ext   *btf.ExtInfos // its relocations; nil until needed
}

// applyCORE applies a program's CO-RE relocations: instructions that depend on the layout of the
// kernel's types get the numbers of this kernel. The rules are cilium/ebpf's, and so are the parsed
// relocations; the kernel's types are read only if a program has any.
func (c *coreRelocator) applyCORE(b *code.Body) error {
	var relos []*btf.CORERelocation
	var insns []uint32 // that they change, counted in the body
	for _, i := range b.Order {
		fn := &c.object.functions[i]
		if !c.object.ext.HasCORE(fn.Section.Name) {
			continue
		}
		list, err := c.coreRelocs(fn.Section.Name)
		if err != nil {
			return err
		}
		for _, r := range list {
			off := uint64(r.Offset) * objfile.InsnSize
			if off >= fn.Offset && off < fn.Offset+uint64(len(fn.Code)) {
				relos = append(relos, r.Relo)
				insns = append(insns, b.Starts[i]+uint32((off-fn.Offset)/objfile.InsnSize))
			}
		}
	}
	if len(relos) == 0 {
		return nil
	}
	targets, err := c.targets()
	if err != nil {
		return err
	}
	fixups, err := btf.CORERelocate(relos, targets, c.object.file.Order, c.types.TypeID)
	if err != nil {
		return fmt.Errorf("CO-RE: %w: %w", refuse.ErrRelocation, err)
	}
	for i := range fixups {
		if err := c.apply(&fixups[i], b.Code[int(insns[i])*objfile.InsnSize:]); err != nil {
			return fmt.Errorf("CO-RE: %v: %w: %w", relos[i], refuse.ErrRelocation, err)
		}
	}
	return nil
}

// coreRelocs returns the CO-RE relocations of a section, as cilium/ebpf reads them.
func (c *coreRelocator) coreRelocs(section string) (btf.CORERelocationOffsets, error) {
	if c.types == nil {
		spec, ext, err := btf.LoadSpecAndExtInfosFromReader(bytes.NewReader(c.object.file.Data))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", refuse.ErrBTF, err)
		}
		c.types, c.ext = spec, ext
	}
	_, _, relos := c.ext.Section(section)
	return relos, nil
}

// apply changes one instruction.
func (c *coreRelocator) apply(fixup *btf.COREFixup, insn []byte) error {
	order := c.object.file.Order
	var ins asm.Instruction
	if err := ins.Unmarshal(bytes.NewReader(insn), order, "linux"); err != nil {
		return err
	}
	if err := fixup.Apply(&ins); err != nil {
		return err
	}
	var out bytes.Buffer
	if _, err := ins.Marshal(&out, order); err != nil {
		return err
	}
	copy(insn, out.Bytes())
	return nil
}

// targets returns the types that relocations are made against: the kernel's and its modules', or
// those that the caller gave; then the caller's others.
func (c *coreRelocator) targets() ([]*btf.Spec, error) {
	if c.kernelTypes != nil {
		return append([]*btf.Spec{c.kernelTypes}, c.extraTypes...), nil
	}
	kernel, err := c.kernel.Kernel()
	if err != nil {
		return nil, noKernelTypes(err)
	}
	targets := []*btf.Spec{kernel}
	modules, err := c.kernel.Modules()
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // modules may have no types
		return nil, noKernelTypes(err)
	}
	for _, name := range modules {
		spec, err := c.kernel.Module(name)
		if err != nil {
			return nil, noKernelTypes(err)
		}
		targets = append(targets, spec)
	}
	return append(targets, c.extraTypes...), nil
}

// noKernelTypes says that the kernel's types cannot be read.
func noKernelTypes(err error) error {
	return &refuse.Error{Stage: refuse.StageRelocate, Class: ClassNotInKernel,
		Err: fmt.Errorf("the kernel's types: %w", err)}
}

// attachTarget finds what a program that is bound to a kernel function or hook is bound to: the id
// of a type, and for a module the descriptor of its types, which the caller closes.
func (c *coreRelocator) attachTarget(k ProgramKind) (btf.TypeID, *btf.Handle, error) {
	name := k.AttachTo
	var want btf.Type = (*btf.Func)(nil)
	switch {
	case k.AttachType == ebpf.AttachTraceRawTp:
		name, want = "btf_trace_"+name, (*btf.Typedef)(nil)
	case k.AttachType == ebpf.AttachTraceIter:
		name = "bpf_iter_" + name
	case k.Type == ebpf.LSM:
		name = "bpf_lsm_" + name
	}
	kernel, err := c.kernel.Kernel()
	if err != nil {
		return 0, nil, noKernelTypes(err)
	}
	id, err := typeID(kernel, name, want)
	if !errors.Is(err, btf.ErrNotFound) {
		return id, nil, err
	}
	modules, err := c.kernel.Modules()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, nil, noKernelTypes(err)
	}
	for _, module := range modules {
		spec, err := c.kernel.Module(module)
		if err != nil {
			return 0, nil, noKernelTypes(err)
		}
		if id, err = typeID(spec, name, want); errors.Is(err, btf.ErrNotFound) {
			continue
		}
		if err != nil {
			return 0, nil, err
		}
		handle, err := btf.FindHandle(func(i *btf.HandleInfo) bool {
			return i.IsModule() && i.Name == module
		})
		return id, handle, err
	}
	return 0, nil, &refuse.Error{Stage: refuse.StageRelocate, Class: ClassNotFound,
		Err: fmt.Errorf("the kernel has no %s: %w", name, btf.ErrNotFound)}
}

// typeID returns the id of a type of that name and kind. A kernel may have several functions of one
// name; it cannot be said which of them is meant, and they are refused.
func typeID(spec *btf.Spec, name string, want btf.Type) (btf.TypeID, error) {
	found, err := spec.AnyTypesByName(strings.TrimSpace(name))
	if err != nil {
		return 0, err
	}
	var match btf.Type
	for _, t := range found {
		if fmt.Sprintf("%T", t) != fmt.Sprintf("%T", want) {
			continue
		}
		if match != nil {
			return 0, &refuse.Error{Stage: refuse.StageRelocate, Class: ClassInvalid,
				Err: fmt.Errorf("the kernel has several %s: %w", name, btf.ErrMultipleMatches)}
		}
		match = t
	}
	if match == nil {
		return 0, btf.ErrNotFound
	}
	return spec.TypeID(match)
}

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
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A typeSource reads the running kernel's types: see [runningKernel].
type typeSource interface {
	Kernel() (*btf.Spec, error)
	Modules() ([]string, error)
	Spec(module string) (*btf.Spec, error)
}

// A coreRelocator applies CO-RE relocations to the programs of an object.
type coreRelocator struct {
	object      *Object
	kernelTypes *btf.Spec   // to be used in place of the running kernel's; nil for none
	extraTypes  []*btf.Spec // that relocations may find beside them
	kernel      typeSource

	types *btf.Spec     // the object's; nil until needed
	ext   *btf.ExtInfos // its relocations; nil until needed
}

// applyCORE applies a program's CO-RE relocations: instructions that depend on the layout of the
// kernel's types get the numbers of this kernel. The rules are cilium/ebpf's, and so are the parsed
// relocations; the kernel's types are read only if a program has any.
func (c *coreRelocator) applyCORE(b *code.Body) error {
	var relos []coreReloc
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
				relos = append(relos, coreReloc{
					CORERelocation: r.Relo, typeName: c.typeName(fn.Section.Name, off),
					insn: b.Starts[i] + uint32((off-fn.Offset)/objfile.InsnSize),
				})
			}
		}
	}
	if len(relos) == 0 {
		return nil
	}
	return c.relocate(relos, b)
}

// A coreReloc holds one CO-RE relocation.
type coreReloc struct {
	*btf.CORERelocation
	typeName string // as the kernel's types have it; empty if it is about the object's own
	insn     uint32 // that it changes, counted in the body
}

// typeName returns the name of the type that the relocation of an instruction is about, without
// what comes after three underscores, which tells variants of it apart in the object. It is empty
// for a relocation to the object's own types, and for a type that is none, which [btf.CORERelocate]
// refuses.
func (c *coreRelocator) typeName(section string, insn uint64) string {
	const typeIDLocal = 6 // BPF_CORE_TYPE_ID_LOCAL
	order := c.object.file.Order
	records := c.object.ext.CORE.In(order, section, insn, objfile.InsnSize)
	if len(records) == 0 || order.Uint32(records[12:]) == typeIDLocal {
		return ""
	}
	t, err := c.types.TypeByID(btf.TypeID(order.Uint32(records[4:])))
	if err != nil {
		return ""
	}
	return typeinfo.WithoutFlavor(t.TypeName())
}

// relocate changes the instructions of relocations. As for the kernel and libbpf, a type that
// vmlinux has, or that the caller gave, is that one; only the others are looked for in modules
// (bpf_core_find_cands). So what a module has, and whether it can be read, is of no matter to a
// program that needs nothing of it.
func (c *coreRelocator) relocate(relos []coreReloc, b *code.Body) error {
	base, err := c.baseTargets()
	if err != nil {
		return err
	}
	var known, others []coreReloc
	for _, r := range relos {
		has, err := haveType(base, r.typeName)
		if err != nil {
			return err
		}
		if has || c.kernelTypes != nil {
			known = append(known, r)
		} else {
			others = append(others, r)
		}
	}
	if err := c.relocateTo(base, known, b); err != nil || len(others) == 0 {
		return err
	}
	modules, unread := c.moduleTypes()
	for _, r := range others {
		has, err := haveType(modules, r.typeName)
		if err != nil {
			return err
		}
		if !has && unread != nil {
			return noKernelTypes(fmt.Errorf("vmlinux has no %s, and a module that may have it "+
				"cannot be read: %w", r.typeName, unread))
		}
	}
	return c.relocateTo(append(base, modules...), others, b)
}

// haveType reports whether one of targets has a type of that name.
func haveType(targets []*btf.Spec, name string) (bool, error) {
	for _, target := range targets {
		_, err := target.AnyTypesByName(name)
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, btf.ErrNotFound) {
			return false, noKernelTypes(err)
		}
	}
	return name == "", nil
}

// relocateTo changes the instructions of relocations to types among targets.
func (c *coreRelocator) relocateTo(targets []*btf.Spec, relos []coreReloc, b *code.Body) error {
	if len(relos) == 0 {
		return nil
	}
	list := make([]*btf.CORERelocation, len(relos))
	for i, r := range relos {
		list[i] = r.CORERelocation
	}
	fixups, err := btf.CORERelocate(list, targets, c.object.file.Order, c.types.TypeID)
	if err != nil {
		return fmt.Errorf("CO-RE: %w: %w", refuse.ErrRelocation, err)
	}
	for i := range fixups {
		if err := c.apply(&fixups[i], b.Code[int(relos[i].insn)*objfile.InsnSize:]); err != nil {
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

// baseTargets returns the types that relocations are made against first: the kernel's, or those
// that the caller gave in their place; then the caller's others.
func (c *coreRelocator) baseTargets() ([]*btf.Spec, error) {
	kernel := c.kernelTypes
	if kernel == nil {
		var err error
		if kernel, err = c.kernel.Kernel(); err != nil {
			return nil, noKernelTypes(err)
		}
	}
	return append([]*btf.Spec{kernel}, c.extraTypes...), nil
}

// moduleTypes returns the types of the kernel's modules. A module that was unloaded since it was
// listed has none. The error names those whose types cannot be read, beside the types of the rest.
func (c *coreRelocator) moduleTypes() (specs []*btf.Spec, unread error) {
	modules, err := c.kernel.Modules()
	if errors.Is(err, fs.ErrNotExist) { // a kernel whose modules have no types
		return nil, nil
	}
	for _, name := range modules {
		spec, readErr := c.kernel.Spec(name)
		switch {
		case readErr == nil:
			specs = append(specs, spec)
		case !errors.Is(readErr, fs.ErrNotExist):
			err = errors.Join(err, fmt.Errorf("module %s: %w", name, readErr))
		}
	}
	return specs, err
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
	return c.attachTargetInModule(name, want)
}

// attachTargetInModule looks in modules for what vmlinux does not have.
func (c *coreRelocator) attachTargetInModule(name string, want btf.Type) (
	btf.TypeID, *btf.Handle, error) {
	modules, unread := c.kernel.Modules()
	if errors.Is(unread, fs.ErrNotExist) {
		unread = nil
	}
	for _, module := range modules {
		spec, err := c.kernel.Spec(module)
		if errors.Is(err, fs.ErrNotExist) {
			continue // unloaded since
		}
		if err != nil {
			unread = errors.Join(unread, fmt.Errorf("module %s: %w", module, err))
			continue
		}
		id, err := typeID(spec, name, want)
		if errors.Is(err, btf.ErrNotFound) {
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
	if unread != nil {
		return 0, nil, noKernelTypes(fmt.Errorf("vmlinux has no %s, and a module that may have it "+
			"cannot be read: %w", name, unread))
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

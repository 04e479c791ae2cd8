// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/code"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/core"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A typeSource reads the running kernel's types: see [runningKernel].
type typeSource interface {
	Vmlinux() (*typeinfo.Types, error)
	Modules() ([]string, error)
	Module(name string) ([]byte, error)
}

// A coreRelocator applies CO-RE relocations to the programs of an object.
type coreRelocator struct {
	object      *Object
	kernelTypes *Types   // to be used in place of the running kernel's; nil for none
	extraTypes  []*Types // that relocations may find beside them
	choices     map[string]TypeChoice
	kernel      typeSource

	resolver *core.Resolver // nil until needed

	// poisoned holds the relocations of the program that is loaded for which the kernel's types
	// have nothing, by the instruction that each changed.
	poisoned map[uint32]core.Result
}

// applyCORE applies a program's CO-RE relocations: instructions that depend on the layout of the
// kernel's types get the numbers of this kernel. The kernel's types are read only if a program has
// any.
func (c *coreRelocator) applyCORE(b *code.Body) error {
	c.poisoned = nil
	relos, insns := c.relocationsOf(b)
	if len(relos) == 0 {
		return nil
	}
	if c.resolver == nil {
		if err := c.prepare(); err != nil {
			return err
		}
	}
	results, err := c.resolver.Resolve(relos)
	if err != nil {
		return fmt.Errorf("CO-RE: %w", err)
	}
	for i := range results {
		r := &results[i]
		err := r.Patch(c.object.file.Order, b.Code[int(insns[i])*objfile.InsnSize:])
		if err != nil {
			return fmt.Errorf("CO-RE: instruction %d: %s: %w", insns[i],
				relos[i].Expression(c.object.types), err)
		}
		if r.Poisoned {
			if c.poisoned == nil {
				c.poisoned = make(map[uint32]core.Result)
			}
			c.poisoned[insns[i]] = *r
		}
	}
	return nil
}

// relocationsOf returns the CO-RE relocations of a program, and which of its instructions each
// changes.
func (c *coreRelocator) relocationsOf(b *code.Body) (relos []core.Relocation, insns []uint32) {
	ext := c.object.ext
	for _, i := range b.Order {
		fn := &c.object.functions[i]
		if !ext.HasCORE(fn.Section.Name) {
			continue
		}
		records := ext.CORE.In(c.object.file.Order, fn.Section.Name, fn.Offset,
			uint64(len(fn.Code)))
		for _, r := range core.Read(c.object.types, records, ext.CORE.Size) {
			relos = append(relos, r)
			insns = append(insns,
				b.Starts[i]+uint32((uint64(r.Insn)-fn.Offset)/objfile.InsnSize))
		}
	}
	return relos, insns
}

// prepare reads the types that relocations are made against. As for the kernel and libbpf, a type
// that vmlinux has, or that the caller gave, is that one; only the others are looked for in modules
// (bpf_core_find_cands), and in none if the caller gave the kernel's types. So what a module has,
// and whether it can be read, is of no matter to a program that needs nothing of it.
func (c *coreRelocator) prepare() error {
	kernel, err := c.kernelSource()
	if err != nil {
		return err
	}
	r := &core.Resolver{Local: c.object.types, Sources: []core.Source{kernel}}
	for _, given := range c.extraTypes {
		types, err := given.file.On(kernel.Name, kernel.Types)
		if err != nil {
			return err
		}
		r.Sources = append(r.Sources, core.Source{Name: given.file.Path, Types: types})
	}
	for name, chosen := range c.choices {
		if r.Choices == nil {
			r.Choices = make(map[string]core.Choice, len(c.choices))
		}
		r.Choices[name] = core.Choice(chosen)
	}
	if err := r.CheckChoices(); err != nil {
		return err
	}
	if c.kernelTypes == nil {
		r.Others = func() ([]core.Source, error) { return c.modules(kernel.Types) }
	}
	c.resolver = r
	return nil
}

// kernelSource returns the kernel's types, or those that the caller gave in their place.
func (c *coreRelocator) kernelSource() (core.Source, error) {
	if c.kernelTypes != nil {
		types, err := c.kernelTypes.file.Whole()
		return core.Source{Name: c.kernelTypes.file.Path, Types: types}, err
	}
	types, err := c.kernel.Vmlinux()
	if err != nil {
		return core.Source{}, noKernelTypes(err)
	}
	return core.Source{Name: "vmlinux", Types: types}, nil
}

// modules returns the types of the kernel's modules. A module that was unloaded since it was
// listed has none. The error names those whose types cannot be read, beside the types of the rest.
func (c *coreRelocator) modules(vmlinux *typeinfo.Types) (sources []core.Source, unread error) {
	names, err := c.kernel.Modules()
	if errors.Is(err, fs.ErrNotExist) { // a kernel whose modules have no types
		return nil, nil
	}
	for _, name := range names {
		types, readErr := readModule(c.kernel, name, vmlinux)
		switch {
		case readErr == nil:
			sources = append(sources, core.Source{Name: "module " + name, Types: types})
		case !errors.Is(readErr, fs.ErrNotExist):
			err = errors.Join(err, fmt.Errorf("module %s: %w", name, readErr))
		}
	}
	return sources, err
}

// readModule reads the types of a module.
func readModule(k typeSource, name string, vmlinux *typeinfo.Types) (*typeinfo.Types, error) {
	raw, err := k.Module(name)
	if err != nil {
		return nil, err
	}
	return typeinfo.ParseKernel(raw, vmlinux)
}

// explain returns why the kernel refused a program, if it came to an instruction for which the
// kernel's types have no number; nil for other reasons.
func (c *coreRelocator) explain(log string) error {
	for _, call := range poisonedCall.FindAllStringSubmatch(log, -1) {
		insn, err := strconv.ParseUint(call[1], 10, 32)
		if err != nil {
			continue // a number that no program has
		}
		if r, ok := c.poisoned[uint32(insn)]; ok {
			return fmt.Errorf("CO-RE: %s: %w", r.Lack(c.object.types), refuse.ErrNoSuchType)
		}
	}
	return nil
}

// poisonedCall finds the instructions of a verifier log that call [core.Poison].
var poisonedCall = regexp.MustCompile(fmt.Sprintf(`(?m)^(\d+): \(85\) call unknown#%d\b`, core.Poison))

// noKernelTypes says that the kernel's types cannot be read.
func noKernelTypes(err error) error {
	return &refuse.Error{Stage: refuse.StageRelocate, Class: ClassNotInKernel,
		Err: fmt.Errorf("the kernel's types: %w", err)}
}

// attachTarget finds what a program that is bound to a kernel function or hook is bound to: the id
// of a type, and for a module the descriptor of its types, which the caller closes.
func (c *coreRelocator) attachTarget(k ProgramKind) (btf.TypeID, *btf.Handle, error) {
	name, kind := k.AttachTo, typeinfo.KindFunc
	switch {
	case k.AttachType == ebpf.AttachTraceRawTp:
		name, kind = "btf_trace_"+name, typeinfo.KindTypedef
	case k.AttachType == ebpf.AttachTraceIter:
		name = "bpf_iter_" + name
	case k.Type == ebpf.LSM:
		name = "bpf_lsm_" + name
	}
	vmlinux, err := c.kernel.Vmlinux()
	if err != nil {
		return 0, nil, noKernelTypes(err)
	}
	id, err := typeID(vmlinux, name, kind)
	if id != 0 || err != nil {
		return id, nil, err
	}
	return c.attachTargetInModule(name, kind, vmlinux)
}

// attachTargetInModule looks in modules for what vmlinux does not have.
func (c *coreRelocator) attachTargetInModule(name string, kind typeinfo.Kind,
	vmlinux *typeinfo.Types) (btf.TypeID, *btf.Handle, error) {
	modules, unread := c.kernel.Modules()
	if errors.Is(unread, fs.ErrNotExist) {
		unread = nil
	}
	for _, module := range modules {
		types, err := readModule(c.kernel, module, vmlinux)
		if errors.Is(err, fs.ErrNotExist) {
			continue // unloaded since
		}
		if err != nil {
			unread = errors.Join(unread, fmt.Errorf("module %s: %w", module, err))
			continue
		}
		id, err := typeID(types, name, kind)
		if err != nil {
			return 0, nil, err
		}
		if id == 0 {
			continue
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

// typeID returns the id of a type of that name and kind, 0 where there is none. A kernel may have
// several functions of one name; it cannot be said which of them is meant, and they are refused.
func typeID(types *typeinfo.Types, name string, kind typeinfo.Kind) (btf.TypeID, error) {
	found := types.OfKind(kind, strings.TrimSpace(name))
	switch len(found) {
	case 0:
		return 0, nil
	case 1:
		return found[0], nil
	}
	return 0, &refuse.Error{Stage: refuse.StageRelocate, Class: ClassInvalid,
		Err: fmt.Errorf("the kernel has several %s: %w", name, btf.ErrMultipleMatches)}
}

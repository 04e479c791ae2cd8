// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/structops"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A kernelStruct is a structure as this kernel has it.
type kernelStruct struct {
	*structops.Kernel
	name   string
	module *btf.Handle // types that have it; nil for vmlinux's
}

// A structLoad carries one structure into the kernel.
type structLoad struct {
	kernel *kernelStruct
	fitted *structops.Fitted
}

// A place is a function of the kernel's that a program becomes.
type place struct {
	kernel *kernelStruct
	index  uint32 // of the member in the kernel's struct
	member string
}

// A structSource reads the running kernel's types: see [runningKernel].
type structSource interface {
	Vmlinux() (*typeinfo.Types, error)
	Modules() ([]string, error)
	Module(name string) ([]byte, error)
}

// A structFitter fits an object's structures to the running kernel.
type structFitter struct {
	object  *Object
	kernel  structSource
	vmlinux *typeinfo.Types // nil until needed
	undo    *undoStack

	known  map[string]*kernelStruct // by name
	places map[string]place         // of programs, by name
}

// fitAll lays out all structures that the load makes, and finds out what their programs become. It
// makes nothing in the kernel.
func (f *structFitter) fitAll(maps []*mapLoad) error {
	f.known, f.places = make(map[string]*kernelStruct), make(map[string]place)
	for _, m := range maps {
		if !m.makesStruct() {
			continue
		}
		if err := f.fit(m); err != nil {
			return refuse.At(refuse.StageCreate, m.def.Section, m.def.Name, err)
		}
	}
	for _, p := range f.object.programs {
		if _, used := f.places[p.name]; !used && p.kind.Type == ebpf.StructOps && p.willLoad() {
			return refuse.At(refuse.StageLoad, p.section, p.name, refuse.ErrUnusedFunction)
		}
	}
	return nil
}

// fit lays out one structure.
func (f *structFitter) fit(m *mapLoad) error {
	kernel, err := f.find(m.def.StructOps.Name)
	if err != nil {
		return err
	}
	fitted, err := kernel.Fit(f.object.types, m.def.StructOps, m.structValue())
	if err != nil {
		return err
	}
	for _, function := range fitted.Functions {
		if err := f.place(function, kernel); err != nil {
			return fmt.Errorf("member %s: %w", function.Member, err)
		}
	}
	m.structure = &structLoad{kernel: kernel, fitted: fitted}
	a := &m.want.attr
	a.ValueSize, a.BTFVmlinux = kernel.Size, uint32(kernel.ValueID)
	if kernel.module != nil {
		a.MapFlags |= sys.FlagValueTypeFD
		a.ValueTypeFD = int32(kernel.module.FD())
	}
	return nil
}

// place says what a program becomes. A program can be in two structures, as the same function.
func (f *structFitter) place(function structops.Function, kernel *kernelStruct) error {
	p := f.object.Program(function.Program)
	if !p.willLoad() {
		return fmt.Errorf("program %s: %w", p.name, refuse.ErrLeftOut)
	}
	at := place{kernel, function.Index, function.Member}
	if has, used := f.places[p.name]; used && has != at {
		return fmt.Errorf("program %s is member %s of struct %s already: %w", p.name, has.member,
			has.kernel.name, refuse.ErrTwoPlaces)
	}
	f.places[p.name] = at
	return nil
}

// find looks for a structure in vmlinux's types, and then in those of modules.
func (f *structFitter) find(name string) (*kernelStruct, error) {
	if has := f.known[name]; has != nil {
		return has, nil
	}
	if f.vmlinux == nil {
		var err error
		if f.vmlinux, err = f.kernel.Vmlinux(); err != nil {
			return nil, noStructTypes(err)
		}
	}
	found := &kernelStruct{name: name}
	var err error
	if found.Kernel, err = structops.Find(f.vmlinux, name); found.Kernel == nil && err == nil {
		found, err = f.findInModule(name)
	}
	if err != nil {
		return nil, fmt.Errorf("struct %s: %w", name, err)
	}
	f.known[name] = found
	return found, nil
}

// findInModule looks for a structure in the types of modules. Those of a module that cannot be read
// are a reason to refuse only if no other has the structure.
func (f *structFitter) findInModule(name string) (*kernelStruct, error) {
	modules, unread := f.kernel.Modules()
	if errors.Is(unread, fs.ErrNotExist) { // a kernel whose modules have no types
		unread = nil
	}
	for _, module := range modules {
		found, err := f.lookIntoModule(module, name)
		switch {
		case errors.Is(err, fs.ErrNotExist): // unloaded since
		case err != nil:
			unread = errors.Join(unread, fmt.Errorf("module %s: %w", module, err))
		case found != nil:
			return found, nil
		}
	}
	if unread != nil {
		return nil, noStructTypes(unread)
	}
	return nil, fmt.Errorf("neither vmlinux nor one of %d modules has struct %s%s: %w", len(modules),
		structops.Prefix, name, refuse.ErrStructUnknown)
}

// lookIntoModule returns a structure of a module's, nil if it has none of that name.
func (f *structFitter) lookIntoModule(module, name string) (*kernelStruct, error) {
	raw, err := f.kernel.Module(module)
	if err != nil {
		return nil, err
	}
	types, err := typeinfo.ParseKernel(raw, f.vmlinux)
	if err != nil {
		return nil, err
	}
	kernel, err := structops.Find(types, name)
	if err != nil || kernel == nil {
		return nil, err
	}
	handle, err := btf.FindHandle(func(i *btf.HandleInfo) bool {
		return i.IsModule() && i.Name == module
	})
	if err != nil {
		return nil, fmt.Errorf("descriptor of its types: %w", err)
	}
	f.undo.finally(func() { handle.Close() })
	return &kernelStruct{Kernel: kernel, name: name, module: handle}, nil
}

// noStructTypes says that the kernel's types cannot be read.
func noStructTypes(err error) error {
	return &refuse.Error{Stage: refuse.StageCreate, Class: ClassNotInKernel,
		Err: fmt.Errorf("the kernel's types: %w", err)}
}

// createStruct makes the map of a structure. Up to 6.8 the kernel reads its own types when the
// first program since its start is loaded (bpf_check), and answers ENOTSUPP before, as if it had no
// such structure (bpf_struct_ops_find_value): a program is loaded then, and the map tried again.
func createStruct(attr sys.MapCreateAttr, token int) (int, error) {
	fd, err := sys.CreateMap(attr, token)
	if !errors.Is(err, sys.ENOTSUPP) {
		return fd, err
	}
	const mov, exit = 0xb7, 0x95 // r0 = 0; exit
	program, _, refused := sys.LoadProgram(&sys.Program{
		Type: uint32(ebpf.SocketFilter), License: "GPL", Token: token,
		Code: []byte{mov, 0, 0, 0, 0, 0, 0, 0, exit, 0, 0, 0, 0, 0, 0, 0},
	}, 0)
	if refused != nil {
		return -1, err
	}
	sys.Close(program)
	return sys.CreateMap(attr, token)
}

// explainStruct explains what the kernel says to a map of a structure. A kernel that does not know
// links answers as it does to anything else that is wrong, so the map is tried without one, and
// closed again; one that does not know types of modules does not know the attribute either.
func explainStruct(err error, attr *sys.MapCreateAttr, types *objectTypes) error {
	switch {
	case attr.ValueTypeFD != 0 && errors.Is(err, syscall.E2BIG):
		return fmt.Errorf("%w: %w", refuse.ErrNoModuleTypes, err)
	case attr.MapFlags&mapdef.FlagLink == 0 || types.fd < 0 || !errors.Is(err, syscall.EINVAL):
		return err
	}
	plain := *attr
	plain.MapFlags &^= mapdef.FlagLink
	plain.BTFFD = uint32(types.fd)
	fd, again := createStruct(plain, types.token.descriptor())
	if again != nil {
		return err
	}
	sys.Close(fd)
	return fmt.Errorf("%w: %w", refuse.ErrNoLinks, err)
}

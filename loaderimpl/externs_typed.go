// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"
	"io/fs"
	"math"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/code"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/externs"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A typedSearch looks for variables and functions in the kernel's types: vmlinux's, and for what is
// not there those of modules.
type typedSearch struct {
	*externResolver
	left    []int // externs that are not found yet, by index
	vmlinux *typeinfo.Types
	unread  error // modules that cannot be read
}

// findTyped looks up the functions, and the variables with types, that are used.
func (r *externResolver) findTyped(used []bool) {
	s := typedSearch{externResolver: r}
	for i, e := range r.object.externs.Externs {
		if used[i] && (e.Kind == externs.Variable || e.Kind == externs.Function) {
			s.left = append(s.left, i)
		}
	}
	if len(s.left) == 0 {
		return
	}
	if err := s.inVmlinux(); err != nil {
		for _, i := range s.left {
			// A kernel that was built without types has none of them.
			if !r.object.externs.Externs[i].Weak || !errors.Is(err, fs.ErrNotExist) {
				r.fail(i, fmt.Errorf("%w: %w", refuse.ErrKernelTypes, err))
			}
		}
		return
	}
	if len(s.left) > 0 {
		s.inModules()
	}
	for _, i := range s.left {
		switch e := &r.object.externs.Externs[i]; {
		case e.Weak: // a module that cannot be read is of no matter to what can do without it
		case s.unread != nil:
			r.fail(i, fmt.Errorf("vmlinux does not have it, and a module may: %w: %w",
				refuse.ErrKernelTypes, s.unread))
		default:
			r.fail(i, refuse.ErrNoSymbol)
		}
	}
}

// kernelName returns the name that the kernel has for an extern. An object may have several
// declarations of one function, told apart as variants of types are.
func kernelName(e *externs.Extern) string {
	if e.Kind == externs.Function {
		return typeinfo.WithoutFlavor(e.Name)
	}
	return e.Name
}

// inVmlinux looks for all externs in vmlinux's types.
func (s *typedSearch) inVmlinux() error {
	var err error
	if s.vmlinux, err = s.kernel.Vmlinux(); err != nil {
		return err
	}
	return s.take(s.vmlinux, nil)
}

// inModules looks for what vmlinux does not have in the types of modules. One that was unloaded
// since it was listed has none.
func (s *typedSearch) inModules() {
	modules, err := s.kernel.Modules()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.unread = err
	}
	for _, module := range modules {
		if len(s.left) == 0 {
			return
		}
		err := s.inModule(module)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.unread = errors.Join(s.unread, fmt.Errorf("module %s: %w", module, err))
		}
	}
}

// inModule looks for what is left in the types of one module.
func (s *typedSearch) inModule(name string) error {
	raw, err := s.kernel.Module(name)
	if err != nil {
		return err
	}
	types, err := typeinfo.ParseKernel(raw, s.vmlinux)
	if err != nil {
		return err
	}
	m := &moduleTypes{name: name, resolver: s.externResolver}
	return s.take(types, m)
}

// take takes what is left from types, a module's unless m is nil.
func (s *typedSearch) take(types *typeinfo.Types, m *moduleTypes) error {
	wanted := make([]typeinfo.Wanted, len(s.left))
	for n, i := range s.left {
		e := &s.object.externs.Externs[i]
		wanted[n] = typeinfo.Wanted{Name: kernelName(e), Function: e.Kind == externs.Function}
	}
	var left []int
	for n, id := range types.Find(wanted) {
		i := s.left[n]
		if id == 0 {
			left = append(left, i)
			continue
		}
		err := s.use(i, id, types, m)
		if errors.Is(err, fs.ErrNotExist) { // the module went away
			left = append(left, i)
		} else if err != nil {
			s.fail(i, err)
		}
	}
	s.left = left
	return nil
}

// use takes one type of the kernel's for an extern, if it is the one that the object declares.
func (s *typedSearch) use(i int, id btf.TypeID, types *typeinfo.Types, m *moduleTypes) error {
	e := &s.object.externs.Externs[i]
	of, err := types.Type(id)
	if err != nil {
		return fmt.Errorf("%w: %w", refuse.ErrKernelTypes, err)
	}
	same, err := typeinfo.Compatible(s.object.types, e.Type, types, of.Target())
	switch {
	case err != nil:
		return err
	case !same && e.Weak && e.Kind == externs.Function:
		return nil // as if the kernel did not have it (libbpf, bpf_object__resolve_ksym_func_btf_id)
	case !same:
		return refuse.ErrSymbolType
	}
	symbol := code.Symbol{Found: true, ID: id}
	if m != nil {
		if symbol.TypesFD, err = m.descriptor(); err != nil {
			return err
		}
		if e.Kind == externs.Function {
			if symbol.Index, err = m.place(); err != nil {
				return err
			}
		}
	}
	s.symbols[i] = symbol
	return nil
}

// moduleTypes holds a descriptor of the types of a module, while the load needs it.
type moduleTypes struct {
	name     string
	resolver *externResolver
	fd       int   // 0 until it is needed
	index    int16 // among those that programs are loaded with; 0 until it is needed
}

// descriptor opens the module's types.
func (m *moduleTypes) descriptor() (int, error) {
	if m.fd != 0 {
		return m.fd, nil
	}
	fd, closer, err := m.resolver.kernel.ModuleTypes(m.name)
	if err != nil {
		return 0, fmt.Errorf("descriptor of the types of module %s: %w", m.name,
			explainModuleTypes(err))
	}
	m.resolver.undo.finally(func() { closer.Close() })
	m.fd = fd
	return fd, nil
}

// place gives the module's types a place among the descriptors that programs are loaded with. The
// first place is vmlinux's, which needs no descriptor.
func (m *moduleTypes) place() (int16, error) {
	if m.index != 0 {
		return m.index, nil
	}
	r := m.resolver
	if len(r.types) == 0 {
		r.types = append(r.types, 0)
	}
	if len(r.types) > math.MaxInt16 {
		return 0, fmt.Errorf("functions of %d modules: %w", len(r.types), refuse.ErrManyModules)
	}
	m.index = int16(len(r.types))
	r.types = append(r.types, int32(m.fd))
	return m.index, nil
}

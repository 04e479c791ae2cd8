// SPDX-License-Identifier: Apache-2.0

package btfview

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/core"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typefile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// Sources hold the types that are looked at: a kernel's, those beside them, and those of the
// kernel's modules.
type Sources struct {
	given   []core.Source // the kernel's first
	modules bool          // the running kernel's modules count, too
	choices map[string]core.Choice
}

// Open reads types: of the running kernel and its modules, or, if kernelTypes is not empty, of that
// file; and of more files, which may go on from those. Errors name the file.
func Open(kernelTypes string, extra []string) (*Sources, error) {
	s := &Sources{modules: kernelTypes == ""}
	kernel, err := openKernel(kernelTypes)
	if err != nil {
		return nil, err
	}
	s.given = append(s.given, kernel)
	for _, path := range extra {
		f, err := typefile.Read(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		types, err := f.On(kernel.Name, kernel.Types)
		if err != nil {
			return nil, err
		}
		s.given = append(s.given, core.Source{Name: path, Types: types})
	}
	return s, nil
}

// openKernel reads the types of a kernel.
func openKernel(path string) (core.Source, error) {
	if path == "" {
		raw, err := sys.KernelTypes{}.Vmlinux()
		if err != nil {
			return core.Source{}, fmt.Errorf("the running kernel's types: %w", err)
		}
		types, err := typeinfo.ParseKernel(raw, nil)
		return core.Source{Name: "vmlinux", Types: types}, err
	}
	f, err := typefile.Read(path)
	if err != nil {
		return core.Source{}, fmt.Errorf("%s: %w", path, err)
	}
	types, err := f.Whole()
	return core.Source{Name: path, Types: types}, err
}

// moduleTypes reads the types of the running kernel's modules.
func (s *Sources) moduleTypes() (list []core.Source, unread error) {
	if !s.modules {
		return nil, nil
	}
	k := sys.KernelTypes{}
	names, err := k.Modules()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, name := range names {
		raw, readErr := k.Module(name)
		if errors.Is(readErr, fs.ErrNotExist) {
			continue // unloaded since
		}
		var types *typeinfo.Types
		if readErr == nil {
			types, readErr = typeinfo.ParseKernel(raw, s.given[0].Types)
		}
		if readErr != nil {
			err = errors.Join(err, fmt.Errorf("module %s: %w", name, readErr))
			continue
		}
		list = append(list, core.Source{Name: "module " + name, Types: types})
	}
	return list, err
}

// resolver returns what relocates an object's relocations against the sources.
func (s *Sources) resolver(local *typeinfo.Types) (*core.Resolver, error) {
	r := &core.Resolver{Local: local, Sources: s.given, Others: s.moduleTypes, Choices: s.choices}
	return r, r.CheckChoices()
}

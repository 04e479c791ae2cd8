// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Modules holds the loadable modules of a kernel, and the names of those that are
// built into it.
//
// What a module needs is read from the module itself. modules.dep, made by
// depmod from the same facts, is missing from Debian's packages and from build
// trees, and can be out of date elsewhere.
type Modules struct {
	release string
	dir     string            // what paths are relative to
	files   map[string]string // by canonical name
	builtin map[string]bool   // by canonical name
	read    map[string]*modinfo
}

// Module describes a module to load.
type Module struct {
	Name string // canonical: with underscores
	Path string // on the host
	File string // relative to lib/modules/<release>, "kernel/drivers/net/veth.ko.xz"
}

// ReadModules reads the directory lib/modules/<release> of a kernel, or its
// build tree. No module is opened yet.
func ReadModules(dir, release string) (*Modules, error) {
	m := &Modules{
		release: release, dir: dir, files: map[string]string{}, builtin: map[string]bool{},
		read: map[string]*modinfo{},
	}
	find := m.walk
	if isBuildTree(dir) {
		find = m.readOrder
	}
	if err := find(); err != nil {
		return nil, fmt.Errorf("modules in %s: %w", dir, err)
	}
	builtin, err := os.ReadFile(filepath.Join(dir, "modules.builtin"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for line := range strings.Lines(string(builtin)) {
		if name, ok := moduleName(strings.TrimSpace(line)); ok {
			m.builtin[name] = true
		}
	}
	return m, nil
}

// moduleName returns the canonical name of a module's file.
func moduleName(file string) (string, bool) {
	name := path.Base(file)
	for _, extension := range []string{".xz", ".zst", ".gz"} {
		name = strings.TrimSuffix(name, extension)
	}
	name, ok := strings.CutSuffix(name, ".ko")
	return canonical(name), ok && name != ""
}

// walk finds the modules of an installed kernel.
func (m *Modules) walk() error {
	return filepath.WalkDir(m.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		file, err := filepath.Rel(m.dir, path)
		if err != nil {
			return err
		}
		// Updates take the place of what came with the kernel: depmod.d(5).
		if name, ok := moduleName(file); ok &&
			(m.files[name] == "" || strings.HasPrefix(file, "updates/")) {
			m.files[name] = file
		}
		return nil
	})
}

// readOrder finds the modules of a build tree by its modules.order. Until Linux
// 6.3 that has "kernel/" before the name, and since then .o for .ko (commit
// f65a486821cf).
func (m *Modules) readOrder() error {
	order, err := os.ReadFile(filepath.Join(m.dir, "modules.order"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // built without modules
	}
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(order)) {
		file := strings.TrimPrefix(strings.TrimSpace(line), "kernel/")
		if object, ok := strings.CutSuffix(file, ".o"); ok {
			file = object + ".ko"
		}
		if name, ok := moduleName(file); ok && filepath.IsLocal(file) {
			m.files[name] = file
		}
	}
	return nil
}

// Names returns the canonical names of all loadable modules, sorted.
func (m *Modules) Names() []string {
	names := make([]string, 0, len(m.files))
	for name := range m.files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// BuiltIn reports whether a module of that name is part of the kernel itself.
func (m *Modules) BuiltIn(name string) bool { return m.builtin[canonical(name)] }

// Closure returns the modules of those names and all that they need, in an
// order in which they can be loaded, each once. Those that are built in are
// left out. Soft dependencies, which are wishes, are not followed.
//
// It returns [ErrNoModule] for a name that is neither a module nor built in,
// [ErrModulesMismatch] if a module was built for another release, and
// [ErrCorrupt] for a file that is no module.
func (m *Modules) Closure(names ...string) ([]Module, error) {
	c := &moduleClosure{modules: m, state: map[string]visit{}}
	for _, name := range names {
		if err := c.add(canonical(name), nil); err != nil {
			return nil, err
		}
	}
	return c.order, nil
}

// visit describes how far the closure is with a module.
type visit int

const (
	unvisited visit = iota
	visiting
	visited
)

type moduleClosure struct {
	modules *Modules
	state   map[string]visit
	order   []Module
}

// add adds a module after all that it needs. The chain leads to it.
func (c *moduleClosure) add(name string, chain []string) error {
	m := c.modules
	file, loadable := m.files[name]
	switch {
	case c.state[name] == visited || !loadable && m.builtin[name]:
		return nil
	case c.state[name] == visiting:
		return fmt.Errorf("modules need each other: %s", strings.Join(append(chain, name), " -> "))
	case !loadable:
		return m.absent(name, chain)
	}
	c.state[name] = visiting
	chain = append(slices.Clone(chain), name)
	info, err := m.info(name)
	if err != nil {
		return err
	}
	for _, need := range info.depends {
		if err := c.add(need, chain); err != nil {
			return err
		}
	}
	c.state[name] = visited
	c.order = append(c.order, Module{name, filepath.Join(m.dir, file), m.installed(file)})
	return nil
}

func (m *Modules) absent(name string, chain []string) error {
	by := ""
	if len(chain) > 0 {
		by = ", which " + strings.Join(chain, " -> ") + " needs"
	}
	return fmt.Errorf("%w: %s%s: neither below %s nor in its modules.builtin; see loadstone kernels show for what the kernel was built with", ErrNoModule, name, by, m.dir)
}

// info works like [Modules.check] with a memory.
func (m *Modules) info(name string) (*modinfo, error) {
	if info := m.read[name]; info != nil {
		return info, nil
	}
	info, err := m.check(name)
	if err == nil {
		m.read[name] = info
	}
	return info, err
}

// check reads a module and checks that it is of the kernel's release.
func (m *Modules) check(name string) (*modinfo, error) {
	file := filepath.Join(m.dir, m.files[name])
	info, err := readModinfo(file)
	if err != nil {
		return nil, err
	}
	if info.release != m.release {
		return nil,
			fmt.Errorf("%w: %s is for %s, the kernel is %s; give the modules that were built with it", ErrModulesMismatch, file, info.release, m.release)
	}
	return info, nil
}

// installed returns where a module is below lib/modules/<release> once installed.
func (m *Modules) installed(file string) string {
	if isBuildTree(m.dir) {
		return "kernel/" + file
	}
	return file
}

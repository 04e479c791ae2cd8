// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// libraries finds shared libraries that a tree lacks.
type libraries interface {
	// read returns a file by its absolute path there, and the package that it is of, if any. The
	// error wraps fs.ErrNotExist if there is none.
	read(name string) (data []byte, owner string, err error)

	// dirs returns the folders that are searched, in this order.
	dirs() []string

	// home returns the folder of a driver's root for what was found in one of dirs.
	home(dir string) string

	// version returns the version of a package.
	version(owner string) string

	// cure says what to do about a library that is not there.
	cure() string
}

// linkage holds what an ELF file needs to be started or loaded.
type linkage struct {
	interpreter string   // path of ld.so, for programs
	needed      []string // names of shared libraries
	runpath     []string // folders to search first, as they stand in the file
}

// A completion adds to a tree the shared libraries that its files need. It is what ldd finds,
// without running anything.
type completion struct {
	tree
	from libraries
	used map[string]string // packages that something was taken from, name to version
	done map[string]bool   // files that have all they need
}

// complete adds the shared libraries of everything in the tree, and notes which packages they are
// of. It returns [ErrMissingLibrary] if the program, or a file that the manifest adds, lacks one.
// Other files of packages are left out then: they are plug-ins of a package, on which nothing
// depends.
func (t tree) complete(
	program string, brought []string, from libraries, used map[string]string,
) error {
	c := completion{t, from, used, map[string]bool{}}
	if name, _, ok := t.resolve(program); ok {
		brought = append([]string{name}, brought...)
	}
	for _, name := range brought {
		if err := c.satisfy(name); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t)) {
		err := c.satisfy(name)
		if errors.Is(err, ErrMissingLibrary) {
			delete(t, name)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// satisfy adds what one file needs, and what that needs.
func (c completion) satisfy(name string) error {
	if c.done[name] || !isELF(c.tree[name].data) {
		return nil
	}
	c.done[name] = true
	needs, err := readLinkage(c.tree[name].data)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if needs.interpreter != "" {
		if err := c.add(name, path.Base(needs.interpreter),
			[]string{path.Dir(needs.interpreter)}); err != nil {
			return err
		}
	}
	for _, library := range needs.needed {
		if strings.HasPrefix(library, "ld-linux") || strings.HasPrefix(library, "ld64.so") {
			continue // libc's name for the interpreter, which the tree has by then
		}
		if err := c.add(name, library,
			append(searchPath(name, needs.runpath), c.from.dirs()...)); err != nil {
			return err
		}
	}
	return nil
}

// add adds a library from the first of dirs that has it, unless the tree has it.
func (c completion) add(name, library string, dirs []string) error {
	for _, dir := range dirs {
		if there, _, ok := c.resolve(path.Join(dir, library)); ok {
			return c.satisfy(there)
		}
	}
	for _, dir := range dirs {
		data, owner, err := c.from.read(path.Join(dir, library))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("library %s of %s: %w", library, name, err)
		}
		to := underUsr(path.Join(c.from.home(dir), library))
		c.addFile(to, 0o755, data)
		if owner != "" {
			c.used[owner] = c.from.version(owner)
		}
		return c.satisfy(to)
	}
	return fmt.Errorf("%w: %s, which %s needs; %s", ErrMissingLibrary, library, name, c.from.cure())
}

func readLinkage(data []byte) (linkage, error) {
	file, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return linkage{}, err
	}
	if file.Type != elf.ET_EXEC && file.Type != elf.ET_DYN { // an object, such as one for BPF
		return linkage{}, nil
	}
	var l linkage
	for _, p := range file.Progs {
		if p.Type != elf.PT_INTERP {
			continue
		}
		if p.Filesz == 0 || p.Filesz > 4096 {
			return linkage{}, fmt.Errorf("path of an interpreter of %d bytes", p.Filesz)
		}
		text := make([]byte, p.Filesz)
		if _, err := p.ReadAt(text, 0); err != nil {
			return linkage{}, fmt.Errorf("path of its interpreter: %w", err)
		}
		l.interpreter = strings.TrimRight(string(text), "\x00")
	}
	if l.needed, err = file.ImportedLibraries(); err != nil {
		return linkage{}, fmt.Errorf("names of its libraries: %w", err)
	}
	for _, tag := range []elf.DynTag{elf.DT_RUNPATH, elf.DT_RPATH} {
		paths, err := file.DynString(tag)
		if err != nil {
			return linkage{}, fmt.Errorf("its search path: %w", err)
		}
		for _, p := range paths {
			l.runpath = append(l.runpath, strings.Split(p, ":")...)
		}
	}
	return l, nil
}

// searchPath returns the folders of a file's own search path.
func searchPath(name string, runpath []string) []string {
	var dirs []string
	for _, dir := range runpath {
		dir = strings.NewReplacer("$ORIGIN", path.Dir(name), "${ORIGIN}",
			path.Dir(name)).Replace(dir)
		if path.IsAbs(dir) {
			dirs = append(dirs, path.Clean(dir))
		}
	}
	return dirs
}

// host holds the shared libraries of this machine, for a user's own loaders.
type host struct {
	builtin []string // the folders that every ld.so looks in
	told    []string // those that this machine's is told of, which come first
}

func newHost() *host {
	h := &host{builtin: debianDirs(os.DirFS("/"))}
	h.configure("/etc/ld.so.conf", 0)
	return h
}

// configure reads an ld.so.conf, as ldconfig(8) does. One that is not there tells nothing.
func (h *host) configure(name string, depth int) {
	const most = 8 // files that include each other
	text, err := os.ReadFile(name)
	if err != nil || depth > most {
		return
	}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		switch {
		case len(words) > 1 && words[0] == "include":
			for _, pattern := range words[1:] {
				if !path.IsAbs(pattern) {
					pattern = path.Join(path.Dir(name), pattern)
				}
				// a bad pattern matches nothing, for ldconfig too
				files, _ := filepath.Glob(pattern)
				for _, file := range files {
					h.configure(file, depth+1)
				}
			}
		case len(words) == 1 && path.IsAbs(words[0]):
			h.told = append(h.told, words[0])
		}
	}
}

func (h *host) read(name string) ([]byte, string, error) {
	data, err := os.ReadFile(filepath.FromSlash(name))
	return data, "", err
}

func (h *host) dirs() []string { return append(slices.Clone(h.told), h.builtin...) }

// home implements [libraries]. The ld.so of a driver's root is told of no folders.
func (h *host) home(dir string) string {
	if slices.Contains(h.told, dir) {
		return h.builtin[0]
	}
	return dir
}

func (h *host) version(string) string { return "" }

func (h *host) cure() string {
	return "install it on this machine, link the driver statically, or name a package and a debian-… suite in the manifest"
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/u-root/mkuimage/cpio"

	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

// A baggage holds what a program is brought into a clone.
type baggage struct {
	root   string   // folder that it has for its root; "" for none
	bundle string   // or an archive of it
	files  []string // files and folders for the folder that it starts in
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// program adds a program of the host's, and returns what it is called in the clone. It has to be
// one that runs there: hasRoot says whether it has libraries.
func (b *baggage) program(name string, hasRoot bool) (string, error) {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) && hasRoot && filepath.IsAbs(name) {
		return name, nil // of its root
	}
	switch {
	case err != nil:
		return "", err
	case info.IsDir():
		return "", fmt.Errorf("%s is a folder: want a program", name)
	case info.Mode()&0o111 == 0:
		return "", fmt.Errorf("%s is not executable: chmod +x it", name)
	}
	if file, err := elf.Open(name); err == nil { // else a script, or what the kernel will say of it
		defer file.Close()
		if interpreted(file) && !hasRoot {
			return "", fmt.Errorf("%s is linked dynamically, and a clone has no libraries: link it with -static, or give it a root with them, such as --root libbpf", name)
		}
	}
	b.files = append(b.files, name)
	return "./" + filepath.Base(name), nil
}

// interpreted reports whether an executable asks for a dynamic linker.
func interpreted(file *elf.File) bool {
	return slices.ContainsFunc(file.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
}

// pack returns all of it as machines take it; nil for nothing.
func (b *baggage) pack() (*machine.Payload, error) {
	if b.root == "" && b.bundle == "" && len(b.files) == 0 {
		return nil, nil
	}
	if err := b.check(); err != nil {
		return nil, usageError{err}
	}
	read, write := io.Pipe()
	go func() { write.CloseWithError(b.write(write)) }()
	payload, err := machine.NewPayload(read, 0)
	read.CloseWithError(err)
	if errors.Is(err, machine.ErrPayloadTooLarge) {
		return nil, usageError{fmt.Errorf("--bring and --root: %w", err)}
	}
	return payload, err
}

// check refuses files that cannot be brought.
func (b *baggage) check() error {
	seen := make(map[string]string)
	for _, name := range b.files {
		base, err := baseOf(name)
		if err != nil {
			return err
		}
		if other, twice := seen[base]; twice {
			return fmt.Errorf("%s and %s would both be /work/%s", other, name, base)
		}
		seen[base] = name
	}
	return nil
}

// baseOf returns what a file is called in the clone.
func baseOf(name string) (string, error) {
	whole, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(name); err != nil {
		return "", err
	}
	base := filepath.Base(whole)
	if base == "/" {
		return "", errors.New("/ cannot be brought: name what you need of it")
	}
	return base, nil
}

// write writes the archives: that of the root, then that of the files.
func (b *baggage) write(to io.Writer) error {
	if b.bundle != "" {
		f, err := os.Open(b.bundle)
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := io.Copy(to, f); err != nil {
			return err
		}
	}
	if b.root != "" {
		if err := archive(to, map[string]string{".": b.root}); err != nil {
			return err
		}
	}
	if len(b.files) == 0 {
		return nil
	}
	named := make(map[string]string, len(b.files))
	for _, name := range b.files {
		base, err := baseOf(name)
		if err != nil {
			return err
		}
		named[base] = name
	}
	return archive(to, named)
}

// archive writes a newc archive of files and folders, by their names in it.
func archive(to io.Writer, named map[string]string) error {
	w := cpio.Newc.Writer(to)
	for base, from := range named {
		from, err := filepath.EvalSymlinks(from) // of what the user named; links below are kept
		if err != nil {
			return err
		}
		err = filepath.WalkDir(from, func(file string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			below, err := filepath.Rel(from, file)
			if err != nil {
				return err
			}
			record, err := recordOf(file, path.Join(base, filepath.ToSlash(below)))
			if err != nil {
				return err
			}
			return w.WriteRecord(cpio.MakeReproducible(record))
		})
		if err != nil {
			return err
		}
	}
	return cpio.WriteTrailer(w)
}

// recordOf returns the entry of a file under a name.
func recordOf(file, name string) (cpio.Record, error) {
	info, err := os.Lstat(file)
	if err != nil {
		return cpio.Record{}, err
	}
	perm := uint64(info.Mode().Perm())
	switch info.Mode().Type() {
	case 0:
		text, err := os.ReadFile(file)
		return cpio.StaticFile(name, string(text), perm), err
	case fs.ModeDir:
		return cpio.Directory(name, perm), nil
	case fs.ModeSymlink:
		target, err := os.Readlink(file)
		return cpio.Symlink(name, target), err
	}
	return cpio.Record{}, usageError{fmt.Errorf("%s is no file, folder or link, and cannot be brought", file)}
}

// SPDX-License-Identifier: Apache-2.0

package check

import (
	"bytes"
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// An Object holds a compiled BPF object that a user named, or that is in what a user named.
type Object struct {
	// Label tells it from all others of a check: as much of its path as that takes, with the number
	// of the object where it is inside an executable: "bpftop#1".
	Label string
	Path  string // of the file that it was found in
	ELF   []byte
	Needs Needs

	Setting Setting // what the user's settings say of it
}

// Name returns the object's name as a loader sees it: its file's, without a folder and ".o".
func (o Object) Name() string {
	name := filepath.Base(o.Path)
	for _, suffix := range []string{".o", ".elf", ".bpf", "_bpfel", "_bpfeb"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return plain(name)
}

// plain keeps of a name what may be in a file's name anywhere.
func plain(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
			strings.ContainsRune("._-", r)) {
			return r
		}
		return '_'
	}, name)
	return cmp.Or(strings.Trim(name[:min(len(name), 64)], "."), "object")
}

var (
	// ErrNoObject is wrapped by the error about a file or folder without a BPF object.
	ErrNoObject = errors.New("no BPF object")

	// ErrTooLarge is wrapped by the error about a file that is larger than any object may be.
	ErrTooLarge = errors.New("too large")
)

// MaxFile and MaxObject bound what is read, in bytes: guests are brought an object and a loader in
// 64 MiB.
const (
	MaxFile   = 1 << 30
	MaxObject = 24 << 20
)

// Find returns the objects in files and folders; a file that is named twice, or by two paths,
// counts once. A file is an object, or an executable that carries some; of a folder, files that are
// neither are passed over, and a file that a user names is not. The error joins one for each path
// that has none, wrapping [ErrNoObject], [ErrTooLarge] or one of package fs.
func Find(paths []string) ([]Object, error) {
	var all []Object
	var problems []error
	for _, path := range paths {
		found, err := findIn(path)
		if err != nil {
			problems = append(problems, err)
		}
		all = append(all, found...)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	seen := make(map[string]bool)
	all = slices.DeleteFunc(all, func(o Object) bool {
		file := o.file()
		defer func() { seen[file] = true }()
		return seen[file]
	})
	label(all)
	for i := range all {
		all[i].Needs = read(all[i].ELF)
		if n := all[i].Needs; n.Unread == "" && len(n.Maps)+len(n.Programs) == 0 {
			problems = append(problems, fmt.Errorf("%s: %w: it has neither maps nor programs",
				all[i].Path, ErrNoObject))
		}
	}
	return all, errors.Join(problems...)
}

// file tells the object's place from all others: its file without links, and its number there.
func (o Object) file() string {
	path, err := filepath.EvalSymlinks(o.Path)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		path = o.Path
	}
	return path + strings.TrimPrefix(o.Label, o.Path)
}

// findIn returns the objects in one path.
func findIn(path string) ([]Object, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		found, err := inFile(path)
		if err == nil && len(found) == 0 {
			err = fmt.Errorf("%s: %w in it: neither an ELF file for BPF, nor a file that carries one "+
				"(compile with clang -target bpf -c)", path, ErrNoObject)
		}
		return found, err
	}
	var all []Object
	err = filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		found, err := inFile(file)
		if errors.Is(err, ErrTooLarge) {
			return nil // a disk image beside objects; one that a user names is an error
		}
		all = append(all, found...)
		return err
	})
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("%s: %w in any file below it", path, ErrNoObject)
	}
	return all, err
}

// inFile returns the objects in one file; none where it has none.
func inFile(path string) ([]Object, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: %w: not a regular file", path, ErrNoObject)
	case info.Size() > MaxFile:
		return nil, fmt.Errorf("%s: %w: %d MiB, at most %d", path, ErrTooLarge, info.Size()>>20,
			MaxFile>>20)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if isObject(data) {
		if len(data) > MaxObject {
			return nil, fmt.Errorf("%s: %w: an object of %d MiB, at most %d", path, ErrTooLarge,
				len(data)>>20, MaxObject>>20)
		}
		return []Object{{Path: path, Label: path, ELF: data}}, nil
	}
	var found []Object
	for i, object := range embedded(data) {
		found = append(found,
			Object{Path: path, Label: fmt.Sprintf("%s#%d", path, i+1), ELF: object})
	}
	return found, nil
}

// isObject reports whether data is a relocatable ELF file for BPF.
func isObject(data []byte) bool {
	h, ok := header(data)
	return ok && h.object
}

// label makes labels as short as tells them apart: the last parts of their paths.
func label(objects []Object) {
	for depth := 1; ; depth++ {
		count := make(map[string]int)
		for _, o := range objects {
			count[last(o.Label, depth)]++
		}
		longer := false
		for _, o := range objects {
			short := last(o.Label, depth)
			longer = longer || count[short] > 1 && short != o.Label
		}
		if !longer {
			for i := range objects {
				objects[i].Label = last(objects[i].Label, depth)
			}
			return
		}
	}
}

// last returns the last parts of a path.
func last(path string, parts int) string {
	words := strings.Split(path, "/")
	return strings.Join(words[max(0, len(words)-parts):], "/")
}

// BigEndian reports whether the object is for machines of that byte order.
func (o Object) BigEndian() bool {
	return len(o.ELF) > elf.EI_DATA && elf.Data(o.ELF[elf.EI_DATA]) == elf.ELFDATA2MSB
}

// hasMagic reports whether an ELF file begins there.
func hasMagic(data []byte) bool { return bytes.HasPrefix(data, []byte(elf.ELFMAG)) }

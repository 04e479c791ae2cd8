// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/linker"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// Link joins objects into one, which it writes to the file out: whole, or not at all. A file that
// was there before is replaced, or left as it is. It may not be on the disk yet when Link returns.
// The result depends on the contents and the order of the objects only, and other loaders read it
// too. Linking it alone gives the same bytes.
//
// Sections of one name follow each other. A name that several objects use has one definition: the
// strong one, or else the first weak one. Errors are of type *[Error], of stage "link"; one that
// reports several conflicts wraps each as an *[Error] of its own. Where the output cannot be
// written, the class is [ClassIO] and no object is named.
func Link(out string, paths ...string) error {
	data, err := link(paths)
	if err == nil {
		err = refuse.At(refuse.StageLink, "", "", writeWhole(out, data))
	}
	return export("", err)
}

// link links objects in memory.
func link(paths []string) ([]byte, error) {
	inputs := make([]linker.Input, len(paths))
	var unread conflicts
	for i, path := range paths {
		data, err := readObject(path)
		if err != nil {
			e := refuse.Locate(refuse.StageLink, "", "", err)
			e.Object = path
			unread = append(unread, e)
		}
		inputs[i] = linker.Input{Name: path, Data: data}
	}
	switch len(unread) {
	case 0:
	case 1:
		return nil, unread[0]
	default:
		return nil, &refuse.Error{Stage: refuse.StageLink, Class: unread[0].Class,
			Object: unread[0].Object, Err: unread}
	}
	return linked(linker.Link(inputs))
}

// linked makes several conflicts of one link such as callers see them.
func linked(data []byte, err error) ([]byte, error) {
	var e *refuse.Error
	if errors.As(err, &e) {
		if list, ok := e.Err.(linker.Several); ok {
			e.Err = conflicts(list)
		}
	}
	return data, err
}

// A Part is an object that becomes a part of another.
type Part struct {
	Object *Object // as it was opened: settings since then do not count
	Entry  string  // a program of it, which becomes a function that other objects call
}

// Join links the object with others, in memory, as [Open] does with several paths, and opens the
// result by this object's options. A program that is the entry of its part is a subprogram then, a
// global function in section .text with all the code of its section; its section's name, and so
// what kind of program it was, is lost. The other programs of all objects stay what they are.
//
// Errors are of stage "link" as in [Link], and as in [Open]; one that names no program of its
// object is of [ClassNotFound].
func (o *Object) Join(parts []Part) (*Object, error) {
	inputs := []linker.Input{{Name: o.name, Data: o.file.Data}}
	entries := []string{""}
	for _, p := range parts {
		inputs = append(inputs, linker.Input{Name: p.Object.name, Data: p.Object.file.Data})
		entries = append(entries, p.Entry)
	}
	data, err := linked(linker.LinkSubprograms(inputs, entries))
	if err != nil {
		return nil, export("", err)
	}
	return OpenBytes(data, o.options)
}

// conflicts hold what is wrong with objects, where it is more than one thing.
type conflicts []*refuse.Error

// Error returns one line for each.
func (c conflicts) Error() string { return linker.Several(c).Error() }

// Unwrap returns each as callers see errors.
func (c conflicts) Unwrap() []error {
	list := make([]error, len(c))
	for i, e := range c {
		list[i] = (*Error)(e)
	}
	return list
}

// writeWhole writes a file under another name, and renames it once it is whole, so that neither a
// full disk nor the end of the process leaves a part of it. It does not wait for the disk: that
// takes longer than to link, and helps only against the end of the machine, after which whatever
// compilers wrote last is in doubt too.
func writeWhole(path string, data []byte) error {
	if to, err := filepath.EvalSymlinks(path); err == nil {
		path = to
	}
	if err := write(path, data); err != nil {
		return fmt.Errorf("%s: %w: %w", path, refuse.ErrWrite, err)
	}
	return nil
}

// errDevice says why an output is not replaced.
var errDevice = errors.New("it is there and no regular file")

func write(path string, data []byte) (err error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return errDevice
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	file, err := renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)),
		renameio.WithPermissions(0o644), renameio.WithExistingPermissions())
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	// Some file systems find only here that there is no room.
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(file.Name()))
	}
	return err
}

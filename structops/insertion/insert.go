// SPDX-License-Identifier: Apache-2.0

package insertion

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
	"github.com/loadstone-bpf/loadstone/structops"
)

// A Request says what to insert, and where to keep it.
type Request struct {
	Object string   // path of a compiled BPF object
	Names  []string // of the structures to insert, as the object has them; nil for all
	BPFFS  string   // path of the bpffs that holds the pins: see [structops.Folder]
}

// An Inserted holds what became of a structure of an object.
type Inserted struct {
	structops.Structure
	Folder string `json:"folder"` // that has its pins; an absolute path
}

// Insert loads structures of an object with the reference loader, registers them, and pins them, so
// that they stay when this process ends. It inserts all that are asked for, or none; what it made
// before an error is undone. Without names those are inserted that the object's loader would
// create: not the ones in sections whose name begins with a question mark. Maps of the object that
// ask to be pinned by name are pinned in the bpffs itself, or used from there, as libbpf does.
//
// One insert at a time works below a bpffs; others wait for it, or for ctx to end. An insert whose
// ctx ends before its last structure is inserted undoes what it made, and the error wraps that of
// ctx.
//
// The error wraps [structops.ErrNoBPFFS]; [structops.ErrName] where the object has no structure of
// a name; [structops.ErrThere] where a structure of a name is registered or pinned already; or
// [structops.ErrRefused] and the loader's error, a [loaderimpl.Error]. An object that cannot be
// read is not refused.
func Insert(ctx context.Context, in Request) (_ []Inserted, err error) {
	if err := checkBPFFS(in.BPFFS); err != nil {
		return nil, err
	}
	if in.BPFFS, err = filepath.Abs(in.BPFFS); err != nil {
		return nil, err
	}
	object, err := open(in)
	if err != nil {
		return nil, err
	}
	all, err := choose(object, in.Names)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.Object, err)
	}
	unlock, err := lockFolder(ctx, in.BPFFS)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	newPins, err := pinsToMake(object, in.BPFFS)
	if err != nil {
		return nil, err
	}
	loaded, err := object.Load(loaderimpl.LoadOptions{})
	if err != nil {
		return nil, refused(err)
	}
	defer func() { err = errors.Join(err, loaded.Close()) }()
	undo := undoing{}
	defer func() {
		if err != nil {
			err = errors.Join(err, undo.all())
		}
	}()
	for _, path := range newPins {
		undo.add(func() error {
			err := os.Remove(path)
			if errors.Is(err, fs.ErrNotExist) { // the load itself has undone it
				err = nil
			}
			return err
		})
	}
	names := slices.DeleteFunc(all, func(name string) bool { return loaded.Maps[name] == nil })
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: %w: each structure in it has to be asked for by name", in.Object,
			structops.ErrRefused)
	}
	if err := checkNoneThere(object, names, in.BPFFS); err != nil {
		return nil, err
	}
	var inserted []Inserted
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("nothing is inserted: %w", err)
		}
		id, err := insertOne(loaded, in.BPFFS, name, &undo)
		if err != nil {
			return nil, err
		}
		s, err := structops.ReadOne(id)
		if err != nil {
			return nil, err
		}
		inserted = append(inserted, Inserted{s, structops.PinFolder(in.BPFFS, name)})
	}
	return inserted, nil
}

func open(in Request) (*loaderimpl.Object, error) {
	object, err := loaderimpl.Open([]string{in.Object}, loaderimpl.Options{PinRoot: in.BPFFS})
	var read *loaderimpl.Error
	if errors.As(err, &read) && read.Class == loaderimpl.ClassIO {
		return nil, err
	}
	if err != nil {
		return nil, refused(err)
	}
	return object, nil
}

// pinsToMake returns the paths at which a load of the object will pin maps by name: those where
// nothing is pinned yet.
func pinsToMake(object *loaderimpl.Object, bpffs string) ([]string, error) {
	var paths []string
	for _, m := range object.Maps() {
		if !m.Definition().PinByName {
			continue
		}
		path := filepath.Join(bpffs, m.Name())
		_, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			paths = append(paths, path)
		case err != nil:
			return nil, err
		}
	}
	return paths, nil
}

// refused marks what the loader or the kernel refuses. What takes more rights is no refusal of the
// object.
func refused(err error) error {
	if errors.Is(err, unix.EPERM) {
		return err
	}
	if errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("%w: %w", structops.ErrThere, err)
	}
	return fmt.Errorf("%w: %w", structops.ErrRefused, err)
}

// choose has the object create those of its structures that are wanted, if any are, and no others.
// It returns the names of all its structures, in the object's order.
func choose(object *loaderimpl.Object, wanted []string) ([]string, error) {
	var names []string
	for _, m := range object.Maps() {
		if object.StructOps(m.Name()).Type() == "" {
			continue
		}
		names = append(names, m.Name())
		if len(wanted) == 0 {
			continue
		}
		if err := m.SetAutocreate(slices.Contains(wanted, m.Name())); err != nil {
			return nil, err
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%w: it has no section .struct_ops or .struct_ops.link with a structure",
			structops.ErrRefused)
	}
	for _, name := range wanted {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("%w %s: its structures are %s", structops.ErrName, name,
				strings.Join(names, ", "))
		}
	}
	return names, nil
}

// checkNoneThere returns an error that wraps [structops.ErrThere] if one of the structures is
// registered or pinned already. Types whose structures have names of their own are the kernel's to
// compare.
func checkNoneThere(object *loaderimpl.Object, names []string, bpffs string) error {
	all, err := structops.Read()
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := checkNoPins(structops.PinFolder(bpffs, name), name); err != nil {
			return err
		}
		typ, mapName := object.StructOps(name).Type(), structops.Shortened(name)
		for _, s := range all {
			if s.Registered && s.Map == mapName && s.Type == typ {
				return fmt.Errorf("%s: %w: %v is registered from a map of this name", name,
					structops.ErrThere, &s)
			}
		}
	}
	return nil
}

// insertOne registers one structure and pins it, and returns the id of its map.
func insertOne(
	loaded *loaderimpl.Loaded, bpffs, name string, undo *undoing,
) (id uint32, err error) {
	folder, made, err := makePinFolder(bpffs, name)
	if made {
		undo.add(func() error { return os.Remove(folder) })
	}
	if err != nil {
		return 0, err
	}
	m, err := loaded.Map(name)
	if err != nil {
		return 0, err
	}
	info, err := m.Info()
	if err != nil {
		return 0, err
	}
	mapID, _ := info.ID()
	registration, err := loaded.Register(name)
	if err != nil {
		return 0, refused(err)
	}
	undo.add(registration.Close)
	if err := undo.pin(m, filepath.Join(folder, mapPin)); err != nil {
		return 0, err
	}
	if registration.LinkID() != 0 {
		if err := undo.pin(registration, filepath.Join(folder, linkPin)); err != nil {
			return 0, err
		}
		err = registration.Close() // the pin keeps the link
	}
	return uint32(mapID), err
}

// An undoing undoes what was done, the last first.
type undoing struct{ steps []func() error }

func (u *undoing) add(step func() error) { u.steps = append(u.steps, step) }

// pin pins an object, to be undone.
func (u *undoing) pin(h interface{ FD() int }, path string) error {
	if err := loaderimpl.Pin(h, path); err != nil {
		return refused(err)
	}
	u.add(func() error { return os.Remove(path) })
	return nil
}

func (u *undoing) all() error {
	var errs []error
	for _, step := range slices.Backward(u.steps) {
		errs = append(errs, step())
	}
	return errors.Join(errs...)
}

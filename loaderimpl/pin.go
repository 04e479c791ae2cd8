// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// A PinPolicy says what to do where something is pinned already at the path for a map.
type PinPolicy uint8

// The policies. Under all of them a load that fails leaves the path as it was.
const (
	// PinShare uses the map that is pinned, if it is what the definition asks for; if not, the load
	// fails with a [*MapDiffersError]. Of several loads at once one pins its map, and the others
	// use that.
	PinShare PinPolicy = iota
	// PinNew makes a new map. If anything is pinned at the path, the load fails with
	// [ClassNameConflict].
	PinNew
	// PinReplace makes a new map, and puts it in the place of what is pinned once everything else
	// is loaded. What was pinned stays in use where it is used; the path is never empty.
	PinReplace
)

// Limits of names and paths, in bytes (include/uapi/linux/limits.h). A path ends with a zero byte
// that counts.
const (
	longestName = 255
	longestPath = 4095
)

// checkPin finds what is wrong with where a map is to be pinned, before anything is made.
func (m *Map) checkPin() error {
	switch {
	case m.pinErr != nil:
		return m.pinErr
	case m.pinPath == "" && m.def.PinByName:
		return refuse.ErrPinPath
	case m.pinPath == "":
		return nil
	case m.def.PinByName || m.pinTree != nil: // the path ends in a name that the object gives
		if err := checkPinName(m.def.Name); err != nil {
			return err
		}
	}
	return checkPinPath(m.pinPath)
}

// checkPinPath finds what is wrong with a path, by itself.
func checkPinPath(path string) error {
	if len(path) > longestPath {
		return fmt.Errorf("path of %d bytes, at most %d: %w: %w", len(path), longestPath,
			refuse.ErrPinLong, syscall.ENAMETOOLONG)
	}
	return checkPinName(path[strings.LastIndexByte(path, '/')+1:])
}

// checkPinName finds what is wrong with a name. The kernel takes no dots in names on a bpffs
// (bpf_lookup).
func checkPinName(name string) error {
	switch {
	case len(name) > longestName:
		return fmt.Errorf("name of %d bytes, at most %d: %w: %w", len(name), longestName,
			refuse.ErrPinLong, syscall.ENAMETOOLONG)
	case name == "" || strings.ContainsAny(name, "./\x00"):
		return fmt.Errorf("%q: %w", name, refuse.ErrPinName)
	}
	return nil
}

// A pinner pins maps, and makes the folders for it.
type pinner struct{ undo *undoStack }

// errFolderGone says that a folder for a pin was removed before the pin was made.
var errFolderGone = errors.New("folder was removed by another")

// pinNew pins a map where nothing is pinned, and makes the folder for it.
func (p pinner) pinNew(m *mapLoad) error {
	dir := filepath.Dir(m.pinPath)
	if m.pinTree != nil {
		if err := p.makePinTree(m.pinTree, dir); err != nil {
			return err
		}
	} else if err := p.makeFolder(dir); err != nil {
		return err
	}
	id, err := sys.IDOf(m.kernel.FD())
	if err != nil {
		return err
	}
	switch err := pinAt(m.kernel.FD(), m.pinPath); {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%w: %w", errFolderGone, err)
	case err != nil:
		return err
	}
	p.undo.push(func() error { return removePin(m.pinPath, id) })
	return nil
}

// makeFolder makes a folder on a bpffs if it does not exist: the last of its path, and no more, as
// libbpf does (make_parent_dir).
func (p pinner) makeFolder(dir string) error {
	if _, err := os.Lstat(dir); err == nil {
		return nil // what it is, pinning will tell
	}
	if err := checkBPFFS(filepath.Dir(dir)); err != nil {
		return fmt.Errorf("make folder for pin: %w", err)
	}
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("make folder for pin: %w", explainPin(err, dir))
	}
	p.undo.push(func() error {
		err := os.Remove(dir)
		if errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, os.ErrNotExist) {
			return nil // another pinned something in it, or took it away
		}
		return err
	})
	return nil
}

// removePin removes a pin if it is that of the map with that id. Another loader may have pinned its
// own there.
func removePin(path string, id uint32) error {
	fd, err := sys.OpenPin(path, 0)
	if errors.Is(err, syscall.ENOENT) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open pin %s: %w", path, explainPin(err, path))
	}
	defer sys.Close(fd)
	info, err := sys.InfoOf(fd)
	if err != nil {
		return fmt.Errorf("inspect pin %s: %w", path, err)
	}
	isMap, err := sys.IsMap(fd)
	if err != nil || !isMap || info.ID != id {
		return err
	}
	return os.Remove(path)
}

// replaceAll pins the maps that replace what is pinned. It comes last in a load.
func (p pinner) replaceAll(maps []*mapLoad) error {
	for _, m := range maps {
		if m.kernel == nil || m.pinPath == "" || m.policy != PinReplace {
			continue
		}
		if err := p.replace(m); err != nil {
			return refuse.At(refuse.StagePin, m.def.Section, m.def.Name, err)
		}
	}
	return nil
}

// replace puts a map in the place of what is pinned.
func (p pinner) replace(m *mapLoad) error {
	old, err := sys.OpenPin(m.pinPath, 0)
	if errors.Is(err, syscall.ENOENT) {
		return p.pinNew(m)
	}
	if err != nil {
		return fmt.Errorf("open pin %s: %w", m.pinPath, explainPin(err, m.pinPath))
	}
	p.undo.finally(func() { sys.Close(old) })
	if err := pinOver(m.kernel.FD(), m.pinPath); err != nil {
		return err
	}
	p.undo.push(func() error { return pinOver(old, m.pinPath) })
	return nil
}

// pinOver pins a map or program in the place of another pin, at once.
func pinOver(fd int, path string) error {
	id, err := sys.IDOf(fd)
	if err != nil {
		return err
	}
	// The name is short, and of the map's id, so that no two loaders choose the same.
	beside := filepath.Join(filepath.Dir(path), fmt.Sprintf("replacing_%d", id))
	if err := pinAt(fd, beside); err != nil {
		return err
	}
	if err := os.Rename(beside, path); err != nil {
		return errors.Join(fmt.Errorf("replace pin: %w", err), os.Remove(beside))
	}
	return nil
}

// pinGiven pins a map that a caller gave. It may be pinned there already.
func (p pinner) pinGiven(m *mapLoad) error {
	err := p.pinNew(m)
	switch {
	case !errors.Is(err, syscall.EEXIST):
		return err
	case m.policy == PinNew:
		return fmt.Errorf("%w: %w", refuse.ErrPinned, err)
	}
	switch same, sameErr := pinsSame(m.kernel.FD(), m.pinPath); {
	case sameErr != nil:
		return sameErr
	case same:
		return nil
	}
	return fmt.Errorf("%s pins another: %w: %w", m.pinPath, refuse.ErrPinned, err)
}

// OpenPin opens the map that is pinned at a path, for [Map.UseMap], [Map.SetInnerMap], [CreateMap]
// and Draft.Supply. It is the caller's to close. The error wraps the kernel's errno, or is of
// [ClassPin] if no map is pinned there.
func OpenPin(path string) (*ebpf.Map, error) {
	fd, err := sys.OpenPin(path, 0)
	if err != nil {
		return nil, export("", refuse.At(refuse.StagePin, "", "",
			fmt.Errorf("open pin %s: %w", path, explainPin(err, path))))
	}
	isMap, err := sys.IsMap(fd)
	if err == nil && !isMap {
		err = differs(path, nil)
	}
	if err != nil {
		sys.Close(fd)
		return nil, export("", refuse.At(refuse.StagePin, "", "", err))
	}
	pinned, err := ebpf.NewMapFromFD(fd)
	return pinned, export("", refuse.At(refuse.StagePin, "", "", err))
}

// Pin pins a map or program, an [*ebpf.Map] or [*ebpf.Program], at a path on a bpffs, in a folder
// that exists. The error is of [ClassInvalid] or [ClassLimit] for what is wrong with the path, and
// wraps the kernel's errno otherwise.
func Pin(h interface{ FD() int }, path string) error {
	return export("", refuse.At(refuse.StagePin, "", "", pinAt(h.FD(), path)))
}

func pinAt(fd int, path string) error {
	if err := checkPinPath(path); err != nil {
		return err
	}
	if err := checkBPFFS(filepath.Dir(path)); err != nil {
		return err
	}
	if err := sys.Pin(fd, path); err != nil {
		return fmt.Errorf("pin at %s: %w", path, explainPin(err, path))
	}
	return nil
}

// checkBPFFS refuses a folder that is not on a bpffs. Of one that does not exist, it looks at the
// nearest one above it that does.
func checkBPFFS(dir string) error {
	onBPFFS, err := sys.OnBPFFS(dir)
	existing, missing := dir, err
	for errors.Is(err, os.ErrNotExist) && existing != filepath.Dir(existing) {
		existing = filepath.Dir(existing)
		onBPFFS, err = sys.OnBPFFS(existing)
	}
	switch {
	case err != nil:
		return err
	case !onBPFFS:
		return fmt.Errorf("%s: %w", existing, refuse.ErrNotBPFFS)
	case existing != dir:
		return fmt.Errorf("%s does not exist; of the folders for a pin the last one is made, and no "+
			"more: make it first: %w", dir, missing)
	}
	return nil
}

// Unpin removes the pin of a map or program at a path. If something else is pinned there, it stays,
// and the error is of [ClassPin].
func Unpin(h interface{ FD() int }, path string) error {
	return export("", refuse.At(refuse.StagePin, "", "", unpin(h.FD(), path)))
}

func unpin(fd int, path string) error {
	same, err := pinsSame(fd, path)
	if err == nil && !same {
		err = fmt.Errorf("%s is another's: %w", path, refuse.ErrIncompatiblePin)
	}
	if err != nil {
		return err
	}
	return os.Remove(path)
}

// pinsSame reports whether a path pins what a descriptor stands for.
func pinsSame(fd int, path string) (bool, error) {
	pinned, err := sys.OpenPin(path, 0)
	if err != nil {
		return false, fmt.Errorf("open pin %s: %w", path, explainPin(err, path))
	}
	defer sys.Close(pinned)
	var ids [2]uint32
	var maps [2]bool
	for i, fd := range []int{fd, pinned} {
		info, err := sys.InfoOf(fd)
		if err != nil {
			return false, fmt.Errorf("inspect pin: %w", err)
		}
		if maps[i], err = sys.IsMap(fd); err != nil {
			return false, err
		}
		ids[i] = info.ID
	}
	return ids[0] == ids[1] && maps[0] == maps[1], nil
}

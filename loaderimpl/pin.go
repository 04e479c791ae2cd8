// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// checkPin finds what is wrong with where a map is to be pinned, before anything is made.
func (m *Map) checkPin() error {
	switch {
	case m.pinErr != nil:
		return m.pinErr
	case m.pinPath == "" && m.def.Pinning == PinByName:
		return ErrPinPath
	case m.pinPath == "":
		return nil
	case strings.Contains(filepath.Base(m.pinPath), "."):
		return fmt.Errorf("%s: %w", m.pinPath, ErrPinName)
	}
	return nil
}

// reuse takes the map that is pinned where m should be, or nil where there is none.
func (l *loading) reuse(m *Map) (*ebpf.Map, error) {
	fd, err := openPin(m.pinPath)
	switch {
	case errors.Is(err, unix.ENOENT):
		return nil, nil
	case err != nil:
		return nil, at(StagePin, m.def.Section, m.def.Name, fmt.Errorf("open pin %s: %w", m.pinPath, err))
	}
	if err := l.compatible(m, fd); err != nil {
		unix.Close(fd)
		return nil, at(StagePin, m.def.Section, m.def.Name, fmt.Errorf("%s: %w", m.pinPath, err))
	}
	pinned, err := ebpf.NewMapFromFD(fd)
	if err != nil {
		return nil, at(StagePin, m.def.Section, m.def.Name, fmt.Errorf("inspect pinned map: %w", err))
	}
	l.reused[m] = true
	return pinned, nil
}

// compatible refuses a pinned map that is not what the definition asks for, and says every difference. The kernel does not tell a map's NUMA
// node, so of that the flag is compared only.
func (l *loading) compatible(m *Map, fd int) error {
	isMap, err := isMap(fd)
	if err != nil {
		return err
	}
	if !isMap {
		return fmt.Errorf("not a map: %w", ErrIncompatiblePin)
	}
	info, err := infoOf(fd)
	if err != nil {
		return fmt.Errorf("inspect pinned map: %w", err)
	}
	want, err := attributes(l.object.name, m.def)
	if err != nil {
		return err
	}
	flags := info.mapFlags
	if t := ebpf.MapType(info.typ); t == ebpf.DevMap || t == ebpf.DevMapHash {
		// The kernel adds BPF_F_RDONLY_PROG to these maps (0cdbb4b09a06, "devmap: Allow map lookups from eBPF").
		flags = flags&^flagReadOnly | want.mapFlags&flagReadOnly
	}
	var diffs []string
	for _, c := range []struct {
		name         string
		pinned, want uint64
	}{
		{"type", uint64(info.typ), uint64(want.mapType)},
		{"key_size", uint64(info.keySize), uint64(want.keySize)},
		{"value_size", uint64(info.valueSize), uint64(want.valueSize)},
		{"max_entries", uint64(info.maxEntries), uint64(want.maxEntries)},
		{"map_flags", uint64(flags), uint64(want.mapFlags)},
		{"map_extra", info.mapExtra, want.mapExtra},
	} {
		if c.pinned != c.want {
			diffs = append(diffs, fmt.Sprintf("%s (pinned %#x, defined %#x)", c.name, c.pinned, c.want))
		}
	}
	if len(diffs) > 0 {
		return fmt.Errorf("%s: %w", strings.Join(diffs, ", "), ErrIncompatiblePin)
	}
	return nil
}

// isMap reports whether a descriptor is a map's. The kernel says so in the name of its anonymous inode only.
func isMap(fd int) (bool, error) {
	name, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		return false, fmt.Errorf("inspect pin: %w", err)
	}
	return strings.HasSuffix(name, "bpf-map"), nil
}

// pin pins a map that was just made, and returns it. If another loader pinned the same map in the meantime, that one is returned instead.
// What is not returned is closed.
func (l *loading) pin(made *ebpf.Map, m *Map) (*ebpf.Map, error) {
	err := l.pinNew(made, m)
	if err == nil {
		return made, nil
	}
	made.Close()
	if errors.Is(err, unix.EEXIST) {
		if theirs, reuseErr := l.reuse(m); reuseErr != nil || theirs != nil {
			return theirs, reuseErr
		}
	}
	return nil, at(StagePin, m.def.Section, m.def.Name, err)
}

func (l *loading) pinNew(made *ebpf.Map, m *Map) error {
	dir := filepath.Dir(m.pinPath)
	// libbpf makes the last folder of the path, and no more (make_parent_dir).
	if m.pinTree != nil {
		if err := l.plant(m.pinTree, dir); err != nil {
			return err
		}
	} else if err := os.Mkdir(dir, 0o700); err == nil {
		l.undo(func() error { return os.Remove(dir) })
	} else if !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make folder for pin: %w", err)
	}
	if err := pinAt(made.FD(), m.pinPath); err != nil {
		return err
	}
	l.undo(func() error { return os.Remove(m.pinPath) })
	return nil
}

// A Handle is a map or program in the kernel: [*ebpf.Map], [*ebpf.Program].
type Handle interface{ FD() int }

// Pin pins a map or program at a path on a bpffs, in a folder that is there. The error wraps [ErrPinName], [ErrPinPlace] or the kernel's errno.
func Pin(h Handle, path string) error {
	return at(StagePin, "", "", pinAt(h.FD(), path))
}

func pinAt(fd int, path string) error {
	dir := filepath.Dir(path)
	if strings.Contains(filepath.Base(path), ".") {
		return fmt.Errorf("%s: %w", path, ErrPinName)
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return fmt.Errorf("look at %s: %w", dir, err)
	}
	if fs.Type != unix.BPF_FS_MAGIC {
		return fmt.Errorf("%s: %w", dir, ErrPinPlace)
	}
	if err := newPin(fd, path); err != nil {
		return fmt.Errorf("pin at %s: %w", path, err)
	}
	return nil
}

// Unpin removes the pin of a map or program at a path. If something else is pinned there, it stays, and the error wraps [ErrIncompatiblePin].
func Unpin(h Handle, path string) error {
	same, err := pinsSame(h.FD(), path)
	if err == nil && !same {
		err = fmt.Errorf("%s is another's: %w", path, ErrIncompatiblePin)
	}
	if err == nil {
		err = os.Remove(path)
	}
	return at(StagePin, "", "", err)
}

// pinsSame reports whether a path pins what a descriptor stands for.
func pinsSame(fd int, path string) (bool, error) {
	pinned, err := openPin(path)
	if err != nil {
		return false, fmt.Errorf("open pin %s: %w", path, err)
	}
	defer unix.Close(pinned)
	var ids [2]uint32
	var maps [2]bool
	for i, fd := range []int{fd, pinned} {
		info, err := infoOf(fd)
		if err != nil {
			return false, fmt.Errorf("inspect pin: %w", err)
		}
		if maps[i], err = isMap(fd); err != nil {
			return false, err
		}
		ids[i] = info.id
	}
	return ids[0] == ids[1] && maps[0] == maps[1], nil
}

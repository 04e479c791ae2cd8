// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// notHeldByOthers returns those objects of which no process but this one and its descendants holds
// a descriptor. It keeps pins: they are in a bpffs of the session's own.
func notHeldByOthers(objects []Object) ([]Object, error) {
	if len(objects) == 0 {
		return nil, nil
	}
	_, others, err := processes()
	if err != nil {
		return nil, err
	}
	held := map[Object]bool{}
	for _, pid := range others {
		if err := heldBy(pid, held); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(slices.Clone(objects), func(o Object) bool {
		return held[Object{Kind: o.Kind, ID: o.ID}]
	}), nil
}

// processes returns this process and its descendants, and all others.
func processes() (ours, others []int, err error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, nil, fmt.Errorf("list processes: %w", err)
	}
	parents := map[int]int{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		parent, err := parentOf(pid)
		if isHidden(err) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		parents[pid] = parent
	}
	for pid := range parents {
		ancestor := pid
		for ancestor > 0 && ancestor != os.Getpid() {
			ancestor = parents[ancestor]
		}
		if ancestor == 0 {
			others = append(others, pid)
		} else {
			ours = append(ours, pid)
		}
	}
	return ours, others, nil
}

// heldByUs reports whether this process or one below it holds one of the objects, or one of them is
// a pin. A map that is mapped into memory is held without a descriptor, and which one it is the
// kernel does not tell: any that can be mapped counts then.
func heldByUs(objects []Object) (bool, error) {
	ours, _, err := processes()
	if err != nil {
		return false, err
	}
	held, mapped := map[Object]bool{}, false
	for _, pid := range ours {
		if err := heldBy(pid, held); err != nil {
			return false, err
		}
		maps, err := mapsInMemory(pid)
		if err != nil {
			return false, err
		}
		mapped = mapped || maps
	}
	for _, o := range objects {
		if o.Kind == KindPin || held[Object{Kind: o.Kind, ID: o.ID}] {
			return true, nil
		}
		if o.Kind != KindMap || !mapped {
			continue
		}
		facts, err := Map(o.ID)
		if err != nil && !errors.Is(err, ErrNoSuchObject) {
			return false, err
		}
		if facts.Flags&unix.BPF_F_MMAPABLE != 0 {
			return true, nil
		}
	}
	return false, nil
}

// mapsInMemory reports whether a process has BPF maps mapped into its memory: the kernel names
// their files so (bpf_map_new_fd, kernel/bpf/syscall.c).
func mapsInMemory(pid int) (bool, error) {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if isHidden(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("what process %d has mapped: %w", pid, err)
	}
	return bytes.Contains(maps, []byte("anon_inode:bpf-map")), nil
}

func parentOf(pid int) (int, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// "pid (comm) state ppid ...", where comm may hold anything
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 2 {
		return 0, fmt.Errorf("/proc/%d/stat: no parent in %q", pid, stat)
	}
	return strconv.Atoi(fields[1])
}

// heldBy adds the objects that a process holds to held.
func heldBy(pid int, held map[Object]bool) error {
	return eachDescriptor(pid, func(line string) {
		if o, ok := heldObject(line); ok {
			held[o] = true
		}
	})
}

// TokensHeld returns how many descriptors of BPF tokens this process and its descendants hold.
func TokensHeld() (int, error) {
	ours, _, err := processes()
	if err != nil {
		return 0, err
	}
	held := 0
	for _, pid := range ours {
		err := eachDescriptor(pid, func(line string) {
			if strings.HasPrefix(line, "allowed_cmds:") { // bpf_token_show_fdinfo
				held++
			}
		})
		if err != nil {
			return 0, err
		}
	}
	return held, nil
}

// eachDescriptor calls f with each line that the kernel tells of the descriptors of a process.
func eachDescriptor(pid int, f func(line string)) error {
	folder := fmt.Sprintf("/proc/%d/fdinfo", pid)
	entries, err := os.ReadDir(folder)
	if isHidden(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("what process %d holds: %w", pid, err)
	}
	for _, e := range entries {
		fdinfo, err := os.ReadFile(folder + "/" + e.Name())
		if isHidden(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("what process %d holds: %w", pid, err)
		}
		for line := range strings.Lines(string(fdinfo)) {
			f(line)
		}
	}
	return nil
}

// heldObject reads a line of fdinfo such as "map_id:	41".
func heldObject(line string) (Object, bool) {
	key, value, _ := strings.Cut(line, ":")
	for kind, known := range kinds {
		if known.fdinfo == key {
			id, err := strconv.ParseUint(strings.TrimSpace(value), 10, 32)
			return Object{Kind: kind, ID: uint32(id)}, err == nil
		}
	}
	return Object{}, false
}

// isHidden reports whether err says that a process or its descriptor ended while it was looked at,
// or may not be looked at. The objects that such a process holds then count as the loader's, which
// errs on the side of a leak.
func isHidden(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) || errors.Is(err, fs.ErrPermission)
}

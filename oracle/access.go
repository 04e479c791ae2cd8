// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// An Access tells what user space may do with a map through one descriptor.
type Access int

// The kinds of access, which the kernel keeps with each descriptor (bpf_map_new_fd).
const (
	ReadWrite Access = iota
	ReadOnly         // BPF_F_RDONLY
	WriteOnly        // BPF_F_WRONLY
)

// String describes the access, as in "read-only".
func (a Access) String() string { return [...]string{"read and write", "read-only", "write-only"}[a] }

// AccessToMap returns the access of the descriptors of a map that this process and its descendants
// hold, each kind once, in the order of the constants. The loader under test is among them, and so
// must be no one else who holds the map.
func AccessToMap(id uint32) ([]Access, error) {
	_, others, err := processes()
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob("/proc/[0-9]*/fdinfo/*")
	if err != nil {
		return nil, fmt.Errorf("list descriptors: %w", err)
	}
	var found []Access
	for _, file := range files {
		pid, err := strconv.Atoi(strings.Split(file, "/")[2])
		if err != nil || slices.Contains(others, pid) {
			continue
		}
		fdinfo, err := os.ReadFile(file)
		if isHidden(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read descriptor: %w", err)
		}
		access, isMap, err := accessIn(string(fdinfo), id)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if isMap && !slices.Contains(found, access) {
			found = append(found, access)
		}
	}
	slices.Sort(found)
	return found, nil
}

// accessIn reads the flags of a descriptor, if it is one of that map. They are octal.
func accessIn(fdinfo string, id uint32) (access Access, isMap bool, err error) {
	err = errors.New("no flags")
	for line := range strings.Lines(fdinfo) {
		if o, ok := heldObject(line); ok && o == (Object{Kind: KindMap, ID: id}) {
			isMap = true
		}
		if flags, found := strings.CutPrefix(line, "flags:"); found {
			var n uint64
			n, err = strconv.ParseUint(strings.TrimSpace(flags), 8, 32)
			access = map[uint64]Access{
				unix.O_RDONLY: ReadOnly, unix.O_WRONLY: WriteOnly,
			}[n&unix.O_ACCMODE]
		}
	}
	return access, isMap, err
}

// Descriptors counts the open descriptors of this process and its descendants, the loader under
// test among them.
func Descriptors() (int, error) {
	ours, _, err := processes()
	if err != nil {
		return 0, err
	}
	count := 0
	for _, pid := range ours {
		open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		if isHidden(err) {
			continue // it has ended since
		}
		if err != nil {
			return 0, fmt.Errorf("count descriptors: %w", err)
		}
		count += len(open)
	}
	return count, nil
}

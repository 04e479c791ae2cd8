// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// PageNodes returns the NUMA nodes of the pages that hold the contents of the map of that id, page
// by page. They say where the memory is, while [NUMANode] says where it was wanted. Only maps that
// user space may map have such pages: arrays with BPF_F_MMAPABLE, and ring buffers, whose first two
// pages are the positions of consumer and producer.
//
// The error wraps [ErrNoSuchObject] if the map does not exist, and [ErrCannotTell] for any other
// map and on a kernel without move_pages(2).
func PageNodes(id uint32) ([]int, error) {
	f, err := open(KindMap, id)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var in bpfMapInfo
	if err := info(f, &in); err != nil {
		return nil, err
	}
	size, err := mappedSize(in)
	if err != nil {
		return nil, fmt.Errorf("pages of %s: %w", f.Name(), err)
	}
	pages, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", f.Name(), err)
	}
	defer unix.Munmap(pages)
	nodes, err := nodesOf(pages)
	if err != nil {
		return nil, fmt.Errorf("pages of %s: %w", f.Name(), err)
	}
	return nodes, nil
}

// mappedSize returns how many bytes of a map user space can map, each once.
func mappedSize(in bpfMapInfo) (int, error) {
	page := uint64(os.Getpagesize())
	var size uint64
	switch {
	case in.typ == unix.BPF_MAP_TYPE_ARRAY && in.flags&unix.BPF_F_MMAPABLE != 0:
		// array_map_alloc rounds values up to 8 bytes.
		size = uint64(in.maxEntries) * ((uint64(in.valueSize) + 7) &^ 7)
	case in.typ == unix.BPF_MAP_TYPE_RINGBUF:
		size = 2*page + uint64(in.maxEntries)
	default:
		return 0, fmt.Errorf("user space cannot map a map of type %s and flags %s: %w",
			mapTypeName(in.typ), mapFlagNames(in.flags), ErrCannotTell)
	}
	const most = 64 << 20 // more is no map of ours
	if size > most {
		return 0, fmt.Errorf("%d bytes to map, at most %d: %w", size, most, ErrCannotTell)
	}
	return int((size + page - 1) / page * page), nil
}

// nodesOf returns the NUMA nodes of the pages of mapped memory.
func nodesOf(memory []byte) ([]int, error) {
	page := os.Getpagesize()
	addresses := make([]uintptr, 0, len(memory)/page)
	for at := 0; at < len(memory); at += page {
		runtime.KeepAlive(memory[at]) // read, so the page is there
		addresses = append(addresses, uintptr(unsafe.Pointer(&memory[at])))
	}
	status := slices.Repeat([]int32{-int32(unix.ENOENT)}, len(addresses))
	// move_pages(2): without nodes to move to, it tells on which node each page is.
	_, _, errno := unix.Syscall6(unix.SYS_MOVE_PAGES, 0, uintptr(len(addresses)),
		uintptr(unsafe.Pointer(&addresses[0])), 0, uintptr(unsafe.Pointer(&status[0])), 0)
	if errors.Is(errno, unix.ENOSYS) {
		return nil, fmt.Errorf("move_pages: %w: %w", ErrCannotTell, errno)
	}
	if errno != 0 {
		return nil, fmt.Errorf("move_pages: %w", errno)
	}
	nodes := make([]int, len(status))
	for i, s := range status {
		if s < 0 {
			return nil, fmt.Errorf("move_pages: page %d: %w", i, unix.Errno(-s))
		}
		nodes[i] = int(s)
	}
	return nodes, nil
}

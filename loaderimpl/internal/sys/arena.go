// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// maxValueOffset limits how far into a map's value an instruction may point, on kernels before 7.0
// (BPF_MAX_VAR_OFF, check_ld_imm; the limit fell for arenas with Linux 12a1fe6e12db, "bpf/verifier:
// Do not limit maximum direct offset into arena map").
const maxValueOffset = 1 << 29

// ArenaOffset returns where in an arena of so many pages its variables are, in bytes: in its last
// pages, as libbpf has them, so that none is at address 0 and pages that programs ask for come
// before. In a larger arena they are in the last ones that every kernel reaches. It reports false
// for variables that do not fit.
func ArenaOffset(pages uint32, data uint64) (uint32, bool) {
	page := uint64(os.Getpagesize())
	size := uint64(pages) * page
	if data > size || data > maxValueOffset {
		return 0, false
	}
	return uint32(min(size, maxValueOffset) - (data+page-1)/page*page), true
}

// FillArena maps an arena of so many pages into this process, writes bytes at an offset, and unmaps
// it. The address is that of the arena's map_extra; 0 lets the kernel choose, and it is the arena's
// address for all who map it from then on. Programs that use it load only once it has one (the
// verifier, "arena's user address must be set via map_extra or mmap()"). What was written stays.
func FillArena(fd int, address uint64, pages, offset uint32, data []byte) (err error) {
	flags := unix.MAP_SHARED
	var at unsafe.Pointer
	if address != 0 {
		flags |= unix.MAP_FIXED_NOREPLACE
		at = unsafe.Add(at, uintptr(address))
	}
	size := uintptr(pages) * uintptr(os.Getpagesize())
	mapped, err := unix.MmapPtr(fd, 0, at, size, unix.PROT_READ|unix.PROT_WRITE, flags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unix.MunmapPtr(mapped, size)) }()
	copy(unsafe.Slice((*byte)(unsafe.Add(mapped, uintptr(offset))), len(data)), data)
	return nil
}

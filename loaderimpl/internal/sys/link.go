// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// attachStructOps is BPF_STRUCT_OPS of enum bpf_attach_type.
const attachStructOps = 44

// linkReplace says that a link is updated only if it has the map that is expected (BPF_F_REPLACE).
const linkReplace = 1 << 2

// LinkStructOps registers the structure in a map by a link, and returns the link's descriptor.
func LinkStructOps(fd int) (int, error) {
	attr := struct{ mapFD, target, attachType, flags uint32 }{mapFD: uint32(fd),
		attachType: attachStructOps}
	return bpfFD(cmdLinkCreate, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
}

// UpdateLink puts the structure of another map in the place of the one that a link registers. With
// an expected map, -1 for none, that has to be the one there is.
func UpdateLink(link, fd, expected int) error {
	attr := struct{ link, mapFD, flags, expected uint32 }{link: uint32(link), mapFD: uint32(fd)}
	if expected >= 0 {
		attr.flags, attr.expected = linkReplace, uint32(expected)
	}
	return bpfDo(cmdLinkUpdate, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
}

// DetachLink ends what a link does, though the link may go on existing.
func DetachLink(link int) error {
	attr := struct{ link uint32 }{uint32(link)}
	return bpfDo(cmdLinkDetach, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
}

// bpfDo makes a call that returns nothing.
func bpfDo(cmd uintptr, attr unsafe.Pointer, size uintptr) error {
	_, _, errno := unix.Syscall(unix.SYS_BPF, cmd, uintptr(attr), size)
	runtime.KeepAlive(attr)
	if errno != 0 {
		return errno
	}
	return nil
}

// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// bindAttr mirrors what BPF_PROG_BIND_MAP reads.
type bindAttr struct{ program, mapFD, flags uint32 }

// HasBindMap reports whether the kernel binds maps to programs (Linux 5.10, ef15314aa5de, "bpf: Add
// BPF_PROG_BIND_MAP syscall"). One that does says of a descriptor that is none that it is none; any
// other does not know the command (EINVAL), and one that does not let this process make calls of
// bpf(2) at all says EPERM. Nothing is made, and no right or token is needed, as it would be for
// libbpf's probe, which binds a map of its own to a program of its own (probe_prog_bind_map).
func HasBindMap() bool {
	attr := bindAttr{program: ^uint32(0), mapFD: ^uint32(0)}
	err := bpfDo(cmdProgBindMap, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	return err != unix.EINVAL
}

// BindMap has a program hold a map for as long as the program exists, as it holds those that its
// instructions refer to. A program that holds the map already stays as it is: that is no error
// (bpf_prog_bind_map).
func BindMap(program, mapFD int) error {
	attr := bindAttr{program: uint32(program), mapFD: uint32(mapFD)}
	return bpfDo(cmdProgBindMap, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
}

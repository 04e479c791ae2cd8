// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// flagTokenFD says that a call's attributes have the descriptor of a token (BPF_F_TOKEN_FD).
const flagTokenFD = 1 << 16

// tokenAttr mirrors what BPF_TOKEN_CREATE reads.
type tokenAttr struct{ flags, bpffs uint32 }

// CreateToken makes a token of the bpffs that is mounted at a folder: what was delegated to that
// bpffs, the calls of bpf(2) that take the token allow to whoever has CAP_BPF in the user namespace
// that the bpffs is of. The errno of the kernel (bpf_token_create):
//
//	EINVAL      the folder is not the root of a bpffs, or the kernel has no tokens
//	EPERM       the bpffs is of another user namespace, or CAP_BPF is missing there
//	EOPNOTSUPP  the user namespace is the initial one
//	ENOENT      nothing was delegated
func CreateToken(dir string) (int, error) {
	bpffs, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(bpffs)
	attr := tokenAttr{bpffs: uint32(bpffs)}
	return bpfFD(cmdTokenCreate, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
}

// HasTokens reports whether the kernel knows tokens (Linux 6.9, 35f96de04127, "bpf: Introduce BPF
// token object"). One that does says of a descriptor that is none that it is none; any other does
// not come as far.
func HasTokens() bool {
	attr := tokenAttr{bpffs: ^uint32(0)}
	_, err := bpfFD(cmdTokenCreate, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	return err == unix.EBADF
}

// Delegated mirrors the kernel's struct bpf_token_info: what a token allows, a bit for each number.
// It has numbers of commands, and of types of maps, programs and attachments.
type Delegated struct{ Commands, Maps, Programs, Attachments uint64 }

// DelegatedBy asks the kernel what a token allows, which it tells from Linux 6.17 on. Before, the
// error is EINVAL.
func DelegatedBy(token int) (*Delegated, error) {
	var info Delegated
	if err := readInfo(token, unsafe.Pointer(&info), unsafe.Sizeof(info)); err != nil {
		return nil, err
	}
	return &info, nil
}

// A Grant is what a bpffs has to delegate for one call, a bit for each number as in [Delegated].
type Grant = Delegated

// GrantForMap returns what it takes to make a map of a type.
func GrantForMap(mapType uint32) Grant {
	return Grant{Commands: 1 << cmdMapCreate, Maps: 1 << mapType}
}

// GrantForProgram returns what it takes to load a program (bpf_token_allow_prog_type).
func GrantForProgram(progType, attachType uint32) Grant {
	return Grant{Commands: 1 << cmdProgLoad, Programs: 1 << progType, Attachments: 1 << attachType}
}

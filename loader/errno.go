// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// ENOTSUPP is the kernel's own "not supported" (include/linux/errno.h), which reaches user space although it has no name there.
const ENOTSUPP syscall.Errno = 524

// ClassOf is the class of a refusal of which no more is known than its errno: a coarse one. docs/loader-protocol.md has the same table.
func ClassOf(errno syscall.Errno) Class {
	switch errno {
	case unix.EINVAL, unix.EDOM, unix.ERANGE:
		return Invalid
	case unix.EOPNOTSUPP, ENOTSUPP, unix.ENOSYS, unix.EPROTONOSUPPORT, unix.EAFNOSUPPORT:
		return NotSupported
	case unix.ENOENT, unix.ESRCH, unix.ENODEV, unix.ENXIO:
		return NotFound
	case unix.EEXIST:
		return NameConflict
	case unix.EPERM, unix.EACCES:
		return Permission
	case unix.E2BIG, unix.ENOMEM, unix.ENOSPC, unix.ENAMETOOLONG, unix.EMFILE, unix.ENFILE, unix.EFBIG:
		return Limit
	case unix.EBUSY, unix.EAGAIN, unix.ETXTBSY:
		return Busy
	case unix.ENOEXEC, unix.EBADMSG, unix.EILSEQ:
		return Malformed
	case unix.EIO, unix.EROFS, unix.ENOTDIR, unix.EISDIR, unix.EBADF:
		return IO
	}
	return Unclassified
}

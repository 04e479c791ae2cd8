// SPDX-License-Identifier: Apache-2.0

package loader

import "syscall"

// ENOTSUPP is the kernel's own "not supported" (include/linux/errno.h), which reaches user space
// although it has no name there. [ClassOf] knows it.
const ENOTSUPP syscall.Errno = 524

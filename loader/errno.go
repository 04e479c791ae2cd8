// SPDX-License-Identifier: Apache-2.0

package loader

import "syscall"

// ENOTSUPP means "not supported" inside the kernel (include/linux/errno.h). It reaches user space,
// where it has no name. [ClassOf] knows it.
const ENOTSUPP syscall.Errno = 524

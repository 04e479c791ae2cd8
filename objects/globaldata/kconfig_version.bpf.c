// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The version of the kernel, and two programs that return it.
//
// variants:
//   kconfig_version: NAME=LINUX_KERNEL_VERSION LINK=
//       // The version of the kernel, and two programs that return it.
//   kconfig_unheard: NAME=LINUX_UNHEARD_OF // A value of the kernel that no loader knows.
//   kconfig_unheard_weak: NAME=LINUX_UNHEARD_OF LINK=__weak
//       // A value of the kernel that no loader knows, and that programs can do without.
//   kconfig_stranger: NAME=LOADSTONE
//       // A value that is neither of the configuration nor of the kernel.
#include "extern.h"

extern int NAME __kconfig LINK;

SEC("xdp")
int version(struct xdp_md *ctx)
{
	return NAME;
}

SEC("xdp")
int again(struct xdp_md *ctx)
{
	return NAME;
}

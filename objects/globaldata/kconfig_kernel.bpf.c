// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What loaders know of the kernel without its configuration: its version, and what it can do.
#include "extern.h"

extern int LINUX_KERNEL_VERSION __kconfig;
extern _Bool LINUX_HAS_BPF_COOKIE __kconfig __weak;
extern _Bool LINUX_HAS_SYSCALL_WRAPPER __kconfig __weak;

SEC("xdp")
int version(struct xdp_md *ctx)
{
	return LINUX_KERNEL_VERSION;
}

SEC("xdp")
int cookie(struct xdp_md *ctx)
{
	return LINUX_HAS_BPF_COOKIE;
}

SEC("xdp")
int wrapper(struct xdp_md *ctx)
{
	return LINUX_HAS_SYSCALL_WRAPPER;
}

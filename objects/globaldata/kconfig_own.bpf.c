// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A value that every kernel which loads programs has in its configuration.
#include "extern.h"

extern _Bool CONFIG_BPF_SYSCALL __kconfig __weak;

SEC("xdp")
int low(struct xdp_md *ctx)
{
	return CONFIG_BPF_SYSCALL;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A structure for the kernel to call with a program where no function is.
#include "../bpf.h"

SEC("struct_ops")
int call(void *ctx)
{
	return 0;
}

struct tcp_congestion_ops {
	void *owner;
} ops SEC(".struct_ops") = { .owner = (void *)call };

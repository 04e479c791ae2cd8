// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A structure for the kernel to call with a function that is no program.
#include "../bpf.h"

__noinline int part(void *ctx)
{
	return 0;
}

struct tcp_congestion_ops {
	void (*init)(void *sk);
} ops SEC(".struct_ops") = { .init = (void *)part };

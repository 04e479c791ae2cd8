// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A structure for the kernel to call with a program of another type.
#include "../bpf.h"

SEC("xdp")
int use(void *ctx)
{
	return XDP_PASS;
}

struct tcp_congestion_ops {
	void (*init)(void *sk);
} ops SEC(".struct_ops") = { .init = (void *)use };

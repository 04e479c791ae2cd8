// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A structure for the kernel to call with a program in a structure inside of it.
#include "../bpf.h"

SEC("struct_ops")
int call(void *ctx)
{
	return 0;
}

struct tcp_congestion_ops {
	struct {
		long first;
		void (*init)(void *sk);
	} inside;
} ops SEC(".struct_ops") = { .inside.init = (void *)call };

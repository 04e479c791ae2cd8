// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A structure for the kernel to call whose function is data.
#include "../bpf.h"

int data = 1;

struct tcp_congestion_ops {
	void (*init)(void *sk);
} ops SEC(".struct_ops") = { .init = (void *)&data };

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A structure for the kernel to call with a function of another object.
#include "../bpf.h"

extern void elsewhere(void *sk);

struct tcp_congestion_ops {
	void (*init)(void *sk);
} ops SEC(".struct_ops") = { .init = elsewhere };

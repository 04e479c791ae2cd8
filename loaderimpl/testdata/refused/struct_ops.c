// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A struct_ops map.
#include "../bpf.h"

struct tcp_congestion_ops {
	char name[16];
} ops SEC(".struct_ops.link") = { .name = "none" };

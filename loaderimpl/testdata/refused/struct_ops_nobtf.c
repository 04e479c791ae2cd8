// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A structure for the kernel to call in an object without BTF.
#include "../bpf.h"

struct tcp_congestion_ops {
	char name[16];
} ops SEC(".struct_ops") = { .name = "none" };

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A structure for the kernel to call that does not say which.
#include "../bpf.h"

struct {
	char name[16];
} ops SEC(".struct_ops") = { .name = "none" };

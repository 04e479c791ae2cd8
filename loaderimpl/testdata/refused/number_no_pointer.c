// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A number that is no pointer.
#include "../bpf.h"

struct {
	__u32 type;
} m SEC(".maps");

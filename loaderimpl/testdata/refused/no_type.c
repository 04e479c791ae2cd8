// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// No type.
#include "../bpf.h"

struct {
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} m SEC(".maps");

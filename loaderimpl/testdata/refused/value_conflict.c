// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The size of the value twice, and not the same.
#include "../bpf.h"

struct {
	__uint(type, MAP_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(value_size, 4);
} m SEC(".maps");

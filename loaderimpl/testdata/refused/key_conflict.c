// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The size of the key twice, and not the same.
#include "../bpf.h"

struct {
	__uint(type, MAP_ARRAY);
	__uint(key_size, 8);
	__type(key, __u32);
	__type(value, __u64);
} m SEC(".maps");

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A field that no loader knows.
#include "../bpf.h"

struct {
	__uint(type, MAP_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
	__uint(colour, 7);
	__u32 plain;
} m SEC(".maps") = { .plain = 5 };

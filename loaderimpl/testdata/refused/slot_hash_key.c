// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A hash of maps with slots, whose keys are too long to be numbers of slots.
#include "../bpf.h"

struct inner {
	__uint(type, MAP_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} first SEC(".maps");

struct {
	__uint(type, MAP_HASH_OF_MAPS);
	__uint(key_size, 8);
	__uint(max_entries, 1);
	__array(values, struct inner);
} m SEC(".maps") = { .values = { [0] = &first } };

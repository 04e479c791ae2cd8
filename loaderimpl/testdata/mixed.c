// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A BTF and a legacy map in one object.
#include "bpf.h"

struct {
	__uint(type, MAP_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} a SEC(".maps");

struct bpf_map_def SEC("maps") b = { MAP_ARRAY, 4, 8, 1 };

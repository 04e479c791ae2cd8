// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of two maps whose template has no name.
#include "mapinmap.h"

struct inner_map inner_zero SEC(".maps");
struct inner_map inner_one SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_HASH);
		__uint(max_entries, 4);
		__type(key, __u32);
		__type(value, __u64);
	});
} outer SEC(".maps") = {
	.values = { [0] = (void *)&inner_zero, [1] = (void *)&inner_one },
};

STORE_IN_EVERY_SLOT(outer)

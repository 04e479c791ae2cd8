// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of maps that says that its values have 8 bytes, where the kernel wants 4.
#include "mapinmap.h"

struct inner_map inner_zero SEC(".maps");
struct inner_map inner_one SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__uint(value_size, 8);
	__array(values, struct inner_map);
} outer SEC(".maps") = {
	.values = { [0] = (void *)&inner_zero, [1] = (void *)&inner_one },
};

STORE_IN_EVERY_SLOT(outer)

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of arrays with BPF_F_INNER_MAP, with an array of more entries than the template has.
#include "mapinmap.h"

struct template {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
	__uint(map_flags, BPF_F_INNER_MAP);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
	__uint(map_flags, BPF_F_INNER_MAP);
} inner_zero SEC(".maps");

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 2, struct template) outer SEC(".maps") = {
	.values = { [0] = (void *)&inner_zero },
};

STORE_IN_EVERY_SLOT(outer)

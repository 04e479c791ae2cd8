// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of two maps that is pinned, with maps of wider values in it.
#include "mapinmap.h"

struct wide_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct wide);
};

struct wide_map inner_zero SEC(".maps");
struct wide_map inner_one SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__array(values, struct wide_map);
} outer SEC(".maps") = {
	.values = { [0] = (void *)&inner_zero, [1] = (void *)&inner_one },
};

LOOK_IN_SLOT(outer)

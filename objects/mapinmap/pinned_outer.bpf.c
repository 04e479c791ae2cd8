// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of maps that is pinned, with maps in it that are not.
//
// variants:
//   pinned_outer: ENTRIES=2 // An array of two maps that is pinned, with maps in it that are not.
//   pinned_outer_larger: ENTRIES=4
//       // An array of four maps that is pinned, with maps in it that are not.
#include "mapinmap.h"

struct inner_map inner_zero SEC(".maps");
struct inner_map inner_one SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__array(values, struct inner_map);
} outer SEC(".maps") = {
	.values = { [0] = (void *)&inner_zero, [1] = (void *)&inner_one },
};

STORE_IN_EVERY_SLOT(outer)

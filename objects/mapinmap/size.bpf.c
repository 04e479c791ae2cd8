// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of arrays of 8 entries, with an array in it that may be larger.
//
// variants:
//   size_array: ENTRIES=64 FLAGS=
//       // An array of arrays, with an array of more entries than the template has.
//   size_array_same: ENTRIES=8
//       // An array of arrays, with an array of as many entries as the template has.
//   size_array_flag: FLAGS=__uint(map_flags, BPF_F_INNER_MAP);
//       // An array of arrays with BPF_F_INNER_MAP, with an array of more entries than the template
//       has.
#include "mapinmap.h"

struct template {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
	FLAGS
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__type(value, __u64);
	FLAGS
} inner_zero SEC(".maps");

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 2, struct template) outer SEC(".maps") = {
	.values = { [0] = (void *)&inner_zero },
};

STORE_IN_EVERY_SLOT(outer)

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of hashes, with a hash of wider values than the template's in it: it fits if the caller
// sets another template.
#include "mapinmap.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct wide);
} inner_zero SEC(".maps");

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 2, struct inner_map) outer SEC(".maps") = {
	.values = { [0] = (void *)&inner_zero },
};

LOOK_IN_SLOT(outer)

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map of maps that does not say what the maps in it look like.
//
// variants:
//   no_template_array: TYPE=BPF_MAP_TYPE_ARRAY_OF_MAPS
//       // An array of maps that does not say what the maps in it look like.
//   no_template_hash: TYPE=BPF_MAP_TYPE_HASH_OF_MAPS
//       // A hash of maps that does not say what the maps in it look like.
#include "mapinmap.h"

struct {
	__uint(type, TYPE);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} outer SEC(".maps");

STORE_IN_EVERY_SLOT(outer)

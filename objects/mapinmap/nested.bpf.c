// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of maps that are maps of maps themselves.
//
// variants:
//   nested: TYPE=BPF_MAP_TYPE_ARRAY_OF_MAPS VALUES=__array(values, struct inner_map);
//       // An array of arrays of maps.
//   nested_bare: TYPE=BPF_MAP_TYPE_HASH_OF_MAPS VALUES=__type(value, __u32);
//       // An array of maps that are to be maps of maps, and do not say of which.
#include "mapinmap.h"

struct middle_map {
	__uint(type, TYPE);
	__uint(max_entries, 2);
	__type(key, __u32);
	VALUES
};

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 2, struct middle_map) outer SEC(".maps");

LOOK_IN_SLOT(outer)

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of maps whose template describes no map.
//
// variants:
//   template_integer: TEMPLATE=int // An array of maps whose template is an integer.
//   template_function: TEMPLATE=int(void *) // An array of maps whose template is a function.
//   template_typeless: TEMPLATE=struct template // An array of maps whose template has no type.
#include "mapinmap.h"

struct template {
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
};

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 2, TEMPLATE) outer SEC(".maps");

LOOK_IN_SLOT(outer)

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of maps, with something else in slot 0.
//
// variants:
//   slot_data: DECLARES=__u64 number = 3; SLOT=number
//       // An array of maps, with a variable in a slot.
//   slot_extern: DECLARES=extern struct inner_map nowhere EXTERN_SEC(".maps"); SLOT=nowhere
//       // An array of maps, with a map in a slot that is defined nowhere.
//   slot_outer: DECLARES=OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 2, struct inner_map) other SEC(".maps");
//       SLOT=other // An array of maps that holds another array of maps.
//   slot_program: DECLARES=int store(struct xdp_md *ctx); SLOT=store
//       // An array of maps, with a program in a slot.
#include "mapinmap.h"

DECLARES

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 2, struct inner_map) outer SEC(".maps") = {
	.values = { [0] = (void *)&SLOT },
};

STORE_IN_EVERY_SLOT(outer)

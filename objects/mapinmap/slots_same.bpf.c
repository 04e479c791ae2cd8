// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map of at most two maps, with the same map in several slots.
//
// variants:
//   slots_twice: TYPE=BPF_MAP_TYPE_ARRAY_OF_MAPS SLOTS=[0] = INNER, [1] = INNER
//       // An array of two maps, with the same map in both slots.
//   slot_beyond: SLOTS=[0] = INNER, [2] = INNER // An array of two maps, with a map in slot 2.
//   slot_beyond_hash: TYPE=BPF_MAP_TYPE_HASH_OF_MAPS SLOTS=[0] = INNER, [1] = INNER, [2] = INNER
//       // A hash of at most two maps, with three in it.
#include "mapinmap.h"

#define INNER (void *)&inner_zero

struct inner_map inner_zero SEC(".maps");

OUTER(TYPE, 2, struct inner_map) outer SEC(".maps") = {
	.values = { SLOTS },
};

STORE_IN_EVERY_SLOT(outer)

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map of two maps, with a map in each slot.
//
// variants:
//   slots_array: TYPE=BPF_MAP_TYPE_ARRAY_OF_MAPS TEMPLATE=struct inner_map
//       // An array of two maps, with a map in each slot.
//   slots_hash: TYPE=BPF_MAP_TYPE_HASH_OF_MAPS
//       // A hash of two maps, with a map under keys 0 and 1.
//   template_typedef: TEMPLATE=inner_type // An array of two maps whose template is a typedef.
#include "mapinmap.h"

typedef struct inner_map inner_type;

struct inner_map inner_zero SEC(".maps");
struct inner_map inner_one SEC(".maps");

OUTER(TYPE, 2, TEMPLATE) outer SEC(".maps") = {
	.values = { [0] = (void *)&inner_zero, [1] = (void *)&inner_one },
};

STORE_IN_EVERY_SLOT(outer)

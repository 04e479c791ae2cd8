// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map of at most four maps, with a map in slots 1 and 3.
//
// variants:
//   slots_array_gaps: TYPE=BPF_MAP_TYPE_ARRAY_OF_MAPS
//       // An array of four maps, of which slots 1 and 3 are filled.
//   slots_hash_gaps: TYPE=BPF_MAP_TYPE_HASH_OF_MAPS
//       // A hash of at most four maps, with a map under keys 1 and 3.
#include "mapinmap.h"

struct inner_map inner_one SEC(".maps");
struct inner_map inner_three SEC(".maps");

OUTER(TYPE, 4, struct inner_map) outer SEC(".maps") = {
	.values = { [1] = (void *)&inner_one, [3] = (void *)&inner_three },
};

STORE_IN_EVERY_SLOT(outer)

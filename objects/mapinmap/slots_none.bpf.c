// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map of maps with nothing in it, and a map beside it.
//
// variants:
//   slots_none: TYPE=BPF_MAP_TYPE_ARRAY_OF_MAPS
//       // An array of four maps, of which no slot is filled.
//   slots_none_hash: TYPE=BPF_MAP_TYPE_HASH_OF_MAPS // A hash of at most four maps that is empty.
#include "mapinmap.h"

struct inner_map inner_zero SEC(".maps");

OUTER(TYPE, 4, struct inner_map) outer SEC(".maps");

STORE_IN_EVERY_SLOT(outer)

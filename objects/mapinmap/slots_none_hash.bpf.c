// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A hash of at most four maps that is empty.
#include "mapinmap.h"

struct inner_map inner_zero SEC(".maps");

OUTER(BPF_MAP_TYPE_HASH_OF_MAPS, 4, struct inner_map) outer SEC(".maps");

STORE_IN_EVERY_SLOT(outer)

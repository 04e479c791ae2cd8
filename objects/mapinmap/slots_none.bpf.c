// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of four maps, of which no slot is filled.
#include "mapinmap.h"

struct inner_map inner_zero SEC(".maps");

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, struct inner_map) outer SEC(".maps");

STORE_IN_EVERY_SLOT(outer)

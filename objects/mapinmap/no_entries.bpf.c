// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of no maps.
#include "mapinmap.h"

struct inner_map inner_zero SEC(".maps");

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 0, struct inner_map) outer SEC(".maps");

LOOK_IN_SLOT(outer)

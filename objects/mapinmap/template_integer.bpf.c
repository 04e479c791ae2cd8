// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of maps whose template is an integer.
#include "mapinmap.h"

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 2, int) outer SEC(".maps");

LOOK_IN_SLOT(outer)

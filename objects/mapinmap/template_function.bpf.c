// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of maps whose template is a function.
#include "mapinmap.h"

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 2, int(void *)) outer SEC(".maps");

LOOK_IN_SLOT(outer)

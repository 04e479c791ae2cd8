// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A hash of network devices.
#include "four_ways.h"

SIZED_MAP(m, BPF_MAP_TYPE_DEVMAP_HASH, 4, 4, 4);

REDIRECTS

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// One map of the three, with two elements where they have one.
#include "pinned.h"

PINNED_MAP(middle, BPF_MAP_TYPE_ARRAY, __u32, __u64, 2, 0);

STORES("xdp", store, middle, __u32, __u64, 1, 22)

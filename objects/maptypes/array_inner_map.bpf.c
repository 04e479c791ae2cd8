// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array that may take the place of one of another size in a map of maps.
#include "four_ways.h"

MAP(m, BPF_MAP_TYPE_ARRAY, __u32, __u64, 8, BPF_F_INNER_MAP);

STORES(__u32, 7)

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of 8 entries.
#include "four_ways.h"

MAP(m, BPF_MAP_TYPE_ARRAY, __u32, __u64, 8, 0);

STORES(__u32, 7)

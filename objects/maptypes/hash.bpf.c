// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A hash of 16 entries.
#include "four_ways.h"

MAP(m, BPF_MAP_TYPE_HASH, __u32, __u64, 16, 0);

STORES(__u32, 7)

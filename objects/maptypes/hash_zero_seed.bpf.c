// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A hash with the seed 0.
#include "four_ways.h"

MAP(m, BPF_MAP_TYPE_HASH, __u32, __u64, 16, BPF_F_ZERO_SEED);

STORES(__u32, 7)

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An LRU hash with a list for each CPU.
#include "four_ways.h"

MAP(m, BPF_MAP_TYPE_LRU_HASH, __u32, __u64, 64, BPF_F_NO_COMMON_LRU);

STORES(__u32, 7)

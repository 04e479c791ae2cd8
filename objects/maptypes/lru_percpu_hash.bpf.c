// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The same with a value for each CPU.
#include "four_ways.h"

MAP(m, BPF_MAP_TYPE_LRU_PERCPU_HASH, __u64, __u64, 64, 0);

STORES(__u64, 7)

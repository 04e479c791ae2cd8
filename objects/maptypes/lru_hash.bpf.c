// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A hash that drops what was used least recently.
#include "four_ways.h"

MAP(m, BPF_MAP_TYPE_LRU_HASH, __u64, __u64, 64, 0);

STORES(__u64, 7)

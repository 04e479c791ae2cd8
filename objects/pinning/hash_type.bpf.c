// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The hash as another type of map.
#include "pinned.h"

PINNED_MAP(m, BPF_MAP_TYPE_LRU_HASH, __u32, __u64, 4, 0);

STORES("xdp", store, m, __u32, __u64, 7, 77)

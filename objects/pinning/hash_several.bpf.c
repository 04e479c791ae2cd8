// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The hash with everything else: type, sizes, number of entries and flags.
#include "pinned.h"

PINNED_MAP(m, BPF_MAP_TYPE_LRU_HASH, __u64, __u32, 8, BPF_F_ZERO_SEED);

STORES("xdp", store, m, __u64, __u32, 7, 77)

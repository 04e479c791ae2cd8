// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The counter with a map of two elements that asks for no pin.
#include "pinned.h"

UNPINNED_MAP(counts, BPF_MAP_TYPE_ARRAY, __u32, __u64, 2, 0);

COUNTS("xdp", count, counts)

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that counts its runs in an array.
//
// variants:
//   counter: MAP=PINNED_MAP ENTRIES=1
//       // A program that counts its runs in an array that is pinned by name.
//   counter_unpinned: MAP=UNPINNED_MAP // The counter with a map that asks for no pin.
//   counter_wide: MAP=UNPINNED_MAP ENTRIES=2
//       // The counter with a map of two elements that asks for no pin.
#include "pinned.h"

MAP(counts, BPF_MAP_TYPE_ARRAY, __u32, __u64, ENTRIES, 0);

COUNTS("xdp", count, counts)

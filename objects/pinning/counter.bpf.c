// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that counts its runs in an array that is pinned by name.
#include "pinned.h"

PINNED_MAP(counts, BPF_MAP_TYPE_ARRAY, __u32, __u64, 1, 0);

COUNTS("xdp", count, counts)

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A hash that is pinned by name, and a program that stores in it. The others of this name are this one with something else.
#include "pinned.h"

PINNED_MAP(m, BPF_MAP_TYPE_HASH, __u32, __u64, 4, 0);

STORES("xdp", store, m, __u32, __u64, 7, 77)

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The hash with a shorter value.
#include "pinned.h"

PINNED_MAP(m, BPF_MAP_TYPE_HASH, __u32, __u32, 4, 0);

STORES("xdp", store, m, __u32, __u32, 7, 77)

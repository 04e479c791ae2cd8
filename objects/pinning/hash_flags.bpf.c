// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The hash with a flag.
#include "pinned.h"

PINNED_MAP(m, BPF_MAP_TYPE_HASH, __u32, __u64, 4, BPF_F_NO_PREALLOC);

STORES("xdp", store, m, __u32, __u64, 7, 77)

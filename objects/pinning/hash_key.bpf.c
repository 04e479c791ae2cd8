// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The hash with a longer key.
#include "pinned.h"

PINNED_MAP(m, BPF_MAP_TYPE_HASH, __u64, __u64, 4, 0);

STORES("xdp", store, m, __u64, __u64, 7, 77)

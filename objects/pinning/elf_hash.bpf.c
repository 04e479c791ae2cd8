// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The map of iproute2 as BTF, pinned by name.
#include "pinned.h"

PINNED_MAP(m, BPF_MAP_TYPE_HASH, __u32, __u64, 4, 0);

STORES("classifier", store, m, __u32, __u64, 7, 99)

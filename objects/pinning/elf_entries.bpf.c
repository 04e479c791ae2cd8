// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The map of iproute2 that is pinned for all objects, with more entries.
#include "pinned.h"

ELF_MAP(m, BPF_MAP_TYPE_HASH, sizeof(__u32), sizeof(__u64), 8, 0, 0, PIN_GLOBAL_NS);

STORES("classifier", store, m, __u32, __u64, 7, 77)

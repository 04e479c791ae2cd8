// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The hash with a key and value of other types, which are as long.
#include "pinned.h"

PINNED_MAP(m, BPF_MAP_TYPE_HASH, __s32, __s64, 4, 0);

STORES("xdp", store, m, __s32, __s64, 7, 77)

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A stack: values and no keys.
#include "four_ways.h"

KEYLESS_MAP(m, BPF_MAP_TYPE_STACK, __u64, 16);

PUSHES

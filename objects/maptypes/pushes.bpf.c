// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map of values without keys, which an XDP program pushes to.
//
// variants:
//   queue: TYPE=BPF_MAP_TYPE_QUEUE // A queue: values and no keys.
//   stack: TYPE=BPF_MAP_TYPE_STACK // A stack: values and no keys.
#include "four_ways.h"

KEYLESS_MAP(m, TYPE, __u64, 16);

PUSHES

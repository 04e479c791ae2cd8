// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of perf events, for one CPU.
#include "both_ways.h"

SIZED_MAP(m, BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 1);

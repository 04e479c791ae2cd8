// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of cgroups.
#include "four_ways.h"

SIZED_MAP(m, BPF_MAP_TYPE_CGROUP_ARRAY, 4, 4, 4);

REFERS

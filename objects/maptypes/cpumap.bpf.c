// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of CPUs to send packets to.
#include "four_ways.h"

SIZED_MAP(m, BPF_MAP_TYPE_CPUMAP, 4, 4, 1);

REDIRECTS

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of AF_XDP sockets.
#include "four_ways.h"

SIZED_MAP(m, BPF_MAP_TYPE_XSKMAP, 4, 4, 4);

REDIRECTS

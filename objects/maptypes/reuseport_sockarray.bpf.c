// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of sockets that share a port; its values are socket cookies.
#include "four_ways.h"

SIZED_MAP(m, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 4, 8, 4);

REFERS

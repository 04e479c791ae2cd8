// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map that an XDP program redirects to.
//
// variants:
//   devmap: TYPE=BPF_MAP_TYPE_DEVMAP ENTRIES=4 // An array of network devices.
//   devmap_hash: TYPE=BPF_MAP_TYPE_DEVMAP_HASH // A hash of network devices.
//   xskmap: TYPE=BPF_MAP_TYPE_XSKMAP // An array of AF_XDP sockets.
//   cpumap: TYPE=BPF_MAP_TYPE_CPUMAP ENTRIES=1 // An array of CPUs to send packets to.
#include "four_ways.h"

SIZED_MAP(m, TYPE, 4, 4, ENTRIES);

REDIRECTS

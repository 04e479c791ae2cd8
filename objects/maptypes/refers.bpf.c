// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map that an XDP program can do nothing with but refer to it.
//
// variants:
//   cgroup_array: TYPE=BPF_MAP_TYPE_CGROUP_ARRAY VALUE=4 ENTRIES=4 // An array of cgroups.
//   sockmap: TYPE=BPF_MAP_TYPE_SOCKMAP // An array of sockets.
//   sockhash: TYPE=BPF_MAP_TYPE_SOCKHASH // A hash of sockets.
//   reuseport_sockarray: TYPE=BPF_MAP_TYPE_REUSEPORT_SOCKARRAY VALUE=8
//       // An array of sockets that share a port; its values are socket cookies.
//   stack_trace: TYPE=BPF_MAP_TYPE_STACK_TRACE VALUE=128 ENTRIES=32
//       // A table of stack traces, each of 16 frames of 8 bytes.
#include "four_ways.h"

SIZED_MAP(m, TYPE, 4, VALUE, ENTRIES);

REFERS

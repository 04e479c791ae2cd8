// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map of devices that is pinned by name, to which the kernel adds a flag, and a program that
// redirects by it.
//
// variants:
//   devmap: TYPE=BPF_MAP_TYPE_DEVMAP
//       // A map of devices that is pinned by name, to which the kernel adds a flag, and a program
//       that redirects by it.
//   devmap_hash: TYPE=BPF_MAP_TYPE_DEVMAP_HASH
//       // A map of devices by hash that is pinned by name, to which the kernel adds a flag, and a
//       program that redirects by it.
#include "pinned.h"

PINNED_MAP(m, TYPE, __u32, __u32, 4, 0);

SEC("xdp")
int redirect(void *ctx)
{
	return bpf_redirect_map(&m, 0, XDP_PASS);
}

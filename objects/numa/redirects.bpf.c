// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Maps on node 0, on node 1 and anywhere, and a program that redirects to each.
//
// variants:
//   devmap: TYPE=BPF_MAP_TYPE_DEVMAP ENTRIES=4
//       // Maps of devices on node 0, on node 1 and anywhere, and a program that redirects to each.
//   devmap_hash: TYPE=BPF_MAP_TYPE_DEVMAP_HASH
//       // Hashes of devices on node 0, on node 1 and anywhere, and a program that redirects to
//       each.
//   xskmap: TYPE=BPF_MAP_TYPE_XSKMAP
//       // Maps of sockets on node 0, on node 1 and anywhere, and a program that redirects to each.
//   cpumap: TYPE=BPF_MAP_TYPE_CPUMAP ENTRIES=1
//       // Maps of CPUs on node 0, on node 1 and anywhere, and a program that redirects to each.
#include "numa.h"

ON_EACH_NODE(0,
	__uint(type, TYPE);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__type(value, __u32)
);

SEC("xdp")
int redirect(struct xdp_md *ctx)
{
	switch (ctx->ingress_ifindex) {
	case 1:
		return bpf_redirect_map(&on_zero, 0, XDP_PASS);
	case 2:
		return bpf_redirect_map(&on_one, 0, XDP_PASS);
	}
	return bpf_redirect_map(&anywhere, 0, XDP_PASS);
}

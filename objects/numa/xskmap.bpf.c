// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Maps of sockets on node 0, on node 1 and anywhere, and a program that redirects to each.
#include "numa.h"

ON_EACH_NODE(0,
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32)
);

SEC("xdp")
int redirect(struct xdp_md *ctx)
{
	switch (ctx->ingress_ifindex) {
	case 1:
		return bpf_redirect_to(&on_zero, 0, XDP_PASS);
	case 2:
		return bpf_redirect_to(&on_one, 0, XDP_PASS);
	}
	return bpf_redirect_to(&anywhere, 0, XDP_PASS);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Ring buffers on node 0, on node 1 and anywhere, and a program that writes to each.
#include "numa.h"

ON_EACH_NODE(0,
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536)
);

SEC("xdp")
int write(struct xdp_md *ctx)
{
	__u64 value = 77;

	bpf_ringbuf_output(&on_zero, &value, sizeof(value), 0);
	bpf_ringbuf_output(&on_one, &value, sizeof(value), 0);
	bpf_ringbuf_output(&anywhere, &value, sizeof(value), 0);
	return XDP_PASS;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Arrays of eight pages that user space may map on node 0, on node 1 and anywhere, and a program that stores in each.
#include "numa.h"

ON_EACH_NODE(BPF_F_MMAPABLE,
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u64)
);

SEC("xdp")
int store(struct xdp_md *ctx)
{
	__u32 key = 1;
	__u64 value = 77;

	bpf_map_update_elem(&on_zero, &key, &value, BPF_ANY);
	bpf_map_update_elem(&on_one, &key, &value, BPF_ANY);
	bpf_map_update_elem(&anywhere, &key, &value, BPF_ANY);
	return XDP_PASS;
}

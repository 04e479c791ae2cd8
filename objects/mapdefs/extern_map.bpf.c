// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map that is declared here and defined nowhere.
#include "bpf.h"

extern struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} m EXTERN_SEC(".maps");

SEC("xdp")
int look(struct xdp_md *ctx)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&m, &key) ? 1 : XDP_PASS;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A hash of wide values that is pinned.
#include "mapinmap.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct wide);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} wide SEC(".maps");

SEC("xdp")
int store(struct xdp_md *ctx)
{
	struct wide value = { 1, 2 };
	__u32 key = 7;

	bpf_map_update_elem(&wide, &key, &value, BPF_ANY);
	return XDP_PASS;
}

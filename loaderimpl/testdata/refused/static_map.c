// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A static map.
#include "../bpf.h"

static struct {
	__uint(type, MAP_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} m SEC(".maps");

SEC("xdp") int use(void *ctx)
{
	__u32 key = 0;
	return map_lookup_elem(&m, &key) ? XDP_DROP : XDP_PASS;
}

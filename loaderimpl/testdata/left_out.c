// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that uses a map only if it was told to, and one that always does.
#include "bpf.h"

const volatile int wanted = 0;

struct {
	__uint(type, MAP_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} maybe SEC(".maps");

SEC("xdp") int guarded(void *ctx)
{
	__u32 key = 0;
	if (wanted && map_lookup_elem(&maybe, &key))
		return XDP_DROP;
	return XDP_PASS;
}

SEC("?xdp") int always(void *ctx)
{
	__u32 key = 0;
	return map_lookup_elem(&maybe, &key) ? XDP_DROP : XDP_PASS;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What the kernel takes, then a map that it refuses and a program that it refuses.
#include "bpf.h"

const volatile int given = 3;

struct {
	__uint(type, MAP_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} good SEC(".maps");

struct {
	__uint(type, MAP_HASH);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
	__uint(pinning, PIN_BY_NAME);
} shared SEC(".maps");

SEC("xdp") int fine(void *ctx)
{
	__u32 key = 0;
	return map_lookup_elem(&good, &key) ? XDP_DROP : XDP_PASS;
}

SEC("xdp") int wild(void *ctx)
{
	return *(int *)(long)given;
}

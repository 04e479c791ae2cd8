// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Maps defined by BTF, in every shape that needs no particular kernel, and a program that uses some.
#include "bpf.h"

struct value {
	__u32 a;
	__u64 b;
};

struct {
	__uint(type, MAP_HASH);
	__type(key, __u32);
	__type(value, struct value);
	__uint(max_entries, 16);
	__uint(map_flags, F_NO_PREALLOC);
} typed SEC(".maps");

struct {
	__uint(type, MAP_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 12);
	__uint(max_entries, 3);
} sized SEC(".maps");

struct {
	__uint(type, MAP_ARRAY);
	__type(key, __u32);
	__uint(key_size, sizeof(__u32));
	__type(value, __u64);
	__uint(max_entries, 1);
} agreed SEC(".maps");

struct {
	__uint(type, MAP_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
	__uint(numa_node, 0);
} on_node_zero_without_saying_so SEC(".maps");

struct {
	__uint(type, MAP_RINGBUF);
	__uint(max_entries, 5000);
} ring SEC(".maps");

struct {
	__uint(type, MAP_PERF_EVENT_ARRAY);
} perf SEC(".maps");

struct {
	__uint(type, MAP_HASH);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 4);
} weakly __weak SEC(".maps");

SEC("xdp") int use(void *ctx)
{
	__u32 key = 0;
	__u64 *n = map_lookup_elem(&agreed, &key);
	if (n)
		__sync_fetch_and_add(n, 1);
	return map_lookup_elem(&typed, &key) ? XDP_DROP : XDP_PASS;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A socket filter, in two functions, with maps of several types, one of them a map of maps.
#include "bpf.h"

#define MAP(name, map_type, n) \
struct { \
	__uint(type, map_type); \
	__uint(max_entries, n); \
	__type(key, __u32); \
	__type(value, __u64); \
} name SEC(".maps")

MAP(hash, BPF_MAP_TYPE_HASH, 4);
MAP(lru, BPF_MAP_TYPE_LRU_HASH, 4);
MAP(per_cpu, BPF_MAP_TYPE_PERCPU_ARRAY, 1);

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} slot SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = {
	.values = {&slot},
};

static __noinline int store(__u64 value)
{
	__u32 key = 0;

	bpf_map_update_elem(&hash, &key, &value, 0);
	bpf_map_update_elem(&lru, &key, &value, 0);
	bpf_map_update_elem(&per_cpu, &key, &value, 0);
	return 0;
}

SEC("socket")
int count(void *ctx)
{
	__u32 zero = 0;
	void *inner = bpf_map_lookup_elem(&outer, &zero);
	__u64 *n = inner ? bpf_map_lookup_elem(inner, &zero) : 0;

	if (n)
		*n += 1;
	return store(7);
}

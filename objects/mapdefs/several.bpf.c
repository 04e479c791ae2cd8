// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Four maps, of which the program uses the third only.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} first SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} second SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u64);
} third SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} fourth SEC(".maps");

SEC("xdp")
int write_third(struct xdp_md *ctx)
{
	__u32 two = 2;
	__u64 value = 333;

	bpf_map_update_elem(&third, &two, &value, BPF_ANY);
	return XDP_PASS;
}

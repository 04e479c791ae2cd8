// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two maps whose names differ only where the kernel does not look, and a program that tells them
// apart.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} the_same_prefix_left SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} the_same_prefix_right SEC(".maps");

SEC("xdp")
int write_both(struct xdp_md *ctx)
{
	__u32 zero = 0;
	__u64 value = 1;

	bpf_map_update_elem(&the_same_prefix_left, &zero, &value, BPF_ANY);
	value = 2;
	bpf_map_update_elem(&the_same_prefix_right, &zero, &value, BPF_ANY);
	return XDP_PASS;
}

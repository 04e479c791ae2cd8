// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A BTF and a legacy definition in one object, and a program that uses both.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} new SEC(".maps");

struct bpf_map_def SEC("maps") old = {
	.type = BPF_MAP_TYPE_ARRAY,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = 2,
};

SEC("xdp")
int write_both(struct xdp_md *ctx)
{
	__u32 zero = 0, one = 1;
	__u64 value = 11;

	bpf_map_update_elem(&new, &zero, &value, BPF_ANY);
	value = 22;
	bpf_map_update_elem(&old, &one, &value, BPF_ANY);
	return XDP_PASS;
}

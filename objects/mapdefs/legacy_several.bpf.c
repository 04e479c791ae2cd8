// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Four legacy maps, of which the program uses the third only.
//
// variants:
//   legacy_several: ALIGNED= // Four legacy maps, of which the program uses the third only.
//   legacy_padded: ALIGNED=__attribute__((aligned(64)))
//       // Four legacy maps with room between them, of which the program uses the third only.
#include "bpf.h"

struct bpf_map_def SEC("maps") ALIGNED first = {
	.type = BPF_MAP_TYPE_ARRAY,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = 1,
};

struct bpf_map_def SEC("maps") ALIGNED second = {
	.type = BPF_MAP_TYPE_ARRAY,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = 2,
};

struct bpf_map_def SEC("maps") ALIGNED third = {
	.type = BPF_MAP_TYPE_ARRAY,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = 3,
};

struct bpf_map_def SEC("maps") ALIGNED fourth = {
	.type = BPF_MAP_TYPE_ARRAY,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = 4,
};

SEC("xdp")
int write_third(struct xdp_md *ctx)
{
	__u32 two = 2;
	__u64 value = 333;

	bpf_map_update_elem(&third, &two, &value, BPF_ANY);
	return XDP_PASS;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map of iproute2's by a struct that is declared where it is used and has no name, as the
// kernel's test_sk_assign has it.
#include "bpf.h"

struct {
	__u32 type, size_key, size_value, max_elem, flags, id, pinning, inner_id, inner_idx;
} m SEC("maps") = {
	.type = BPF_MAP_TYPE_HASH,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u64),
	.max_elem = 4,
	.id = 3,
};

SEC("xdp")
int store(struct xdp_md *ctx)
{
	__u32 key = 7;
	__u64 value = 77;

	bpf_map_update_elem(&m, &key, &value, BPF_ANY);
	return XDP_PASS;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A legacy map that is static, so that it has no name outside its object. The program keeps the
// compiler from dropping it.
#include "bpf.h"

static struct bpf_map_def SEC("maps") m = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = 4,
};

SEC("xdp")
int look(struct xdp_md *ctx)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&m, &key) ? 1 : XDP_PASS;
}

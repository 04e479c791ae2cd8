// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array that programs only write.
#include "four_ways.h"

MAP(m, BPF_MAP_TYPE_ARRAY, __u32, __u64, 8, BPF_F_WRONLY_PROG);

SEC("xdp")
int use(struct xdp_md *ctx)
{
	__u32 key = 7;
	__u64 value = DOES;

	return bpf_map_update_elem(&m, &key, &value, BPF_ANY) ? DOES_NOT : DOES;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array that programs only read.
#include "four_ways.h"

MAP(m, BPF_MAP_TYPE_ARRAY, __u32, __u64, 8, BPF_F_RDONLY_PROG);

SEC("xdp")
int use(struct xdp_md *ctx)
{
	__u32 key = 7;
	__u64 *found = bpf_map_lookup_elem(&m, &key);

	return found && !*found ? DOES : DOES_NOT;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A legacy map with two more fields than others have.
//
// variants:
//   legacy_long: LAST=9 // A legacy map with two more fields than others have, one of them not 0.
//   legacy_long_zero: LAST=0 // A legacy map with two more fields than others have, both 0.
#include "bpf.h"

struct longer_map_def {
	struct bpf_map_def def;
	__u32 more;
	__u32 and_more;
};

struct longer_map_def SEC("maps") m = {
	.def =
		{
			.type = BPF_MAP_TYPE_HASH,
			.key_size = sizeof(__u32),
			.value_size = sizeof(__u64),
			.max_entries = 4,
		},
	.more = 0,
	.and_more = LAST,
};

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}

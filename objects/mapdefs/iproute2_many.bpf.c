// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// 64 maps, as many as iproute2 takes, of which the program uses the last.
#include "bpf.h"

#define ONE(n) \
	struct bpf_elf_map SEC("maps") m##n = { \
		.type = BPF_MAP_TYPE_ARRAY, \
		.size_key = sizeof(__u32), \
		.size_value = sizeof(__u64), \
		.max_elem = 1, \
	};
#define EIGHT(n) ONE(n##0) ONE(n##1) ONE(n##2) ONE(n##3) ONE(n##4) ONE(n##5) ONE(n##6) ONE(n##7)

EIGHT(0)
EIGHT(1)
EIGHT(2)
EIGHT(3)
EIGHT(4)
EIGHT(5)
EIGHT(6)
EIGHT(7)

SEC("xdp")
int write_last(struct xdp_md *ctx)
{
	__u32 zero = 0;
	__u64 value = 64;

	bpf_map_update_elem(&m77, &zero, &value, BPF_ANY);
	return XDP_PASS;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A Bloom filter: values and no keys.
#include "four_ways.h"

KEYLESS_MAP(m, BPF_MAP_TYPE_BLOOM_FILTER, __u64, 16);

SEC("xdp")
int use(struct xdp_md *ctx)
{
	__u64 value = DOES;

	/*
	 * No peek follows: kernel 7.3 then takes the value for dead, which a Bloom filter, unlike a
	 * queue, reads (verifier, "slot poisoned").
	 */
	return bpf_map_push_elem(&m, &value, BPF_ANY) ? DOES_NOT : DOES;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A trie of prefixes. The kernel wants it without preallocation.
#include "four_ways.h"

struct prefix {
	__u32 bits;
	__u8 address[4];
};

MAP(m, BPF_MAP_TYPE_LPM_TRIE, struct prefix, __u32, 32, BPF_F_NO_PREALLOC);

SEC("xdp")
int use(struct xdp_md *ctx)
{
	struct prefix net = { .bits = 8, .address = { 10 } };
	struct prefix host = { .bits = 32, .address = { 10, 1, 2, 3 } };
	__u32 value = DOES, *found;

	bpf_map_update_elem(&m, &net, &value, BPF_ANY);
	found = bpf_map_lookup_elem(&m, &host);
	return found ? *found : DOES_NOT;
}

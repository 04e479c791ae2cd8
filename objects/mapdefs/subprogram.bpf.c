// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that uses its map in a function of its own only.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

static __noinline int add(__u32 by)
{
	__u32 zero = 0;
	__u64 *n = bpf_map_lookup_elem(&counts, &zero);

	if (!n)
		return 0;
	*n += by;
	return 1;
}

SEC("xdp")
int count(struct xdp_md *ctx)
{
	add(ctx->data_end - ctx->data > 0 ? 5 : 6);
	return XDP_PASS;
}

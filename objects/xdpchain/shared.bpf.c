// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two XDP programs, a and b, that count in a map that is pinned by name.
#include "xdp_chain.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 26);
	__type(key, __u32);
	__type(value, __u64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} seen SEC(".maps");

SEC("xdp")
int a(struct xdp_md *ctx)
{
	return answer(ctx, &seen, 'a');
}

SEC("xdp")
int b(struct xdp_md *ctx)
{
	return answer(ctx, &seen, 'b');
}

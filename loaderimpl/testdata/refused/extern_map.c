// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map that is declared and not defined.
#include "../bpf.h"

extern struct {
	__uint(type, MAP_ARRAY);
} m SEC(".maps");

SEC("xdp") int use(void *ctx)
{
	__u32 key = 0;
	return map_lookup_elem(&m, &key) ? XDP_DROP : XDP_PASS;
}

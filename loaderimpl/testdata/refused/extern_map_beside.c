// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map that is declared and not defined, beside one that is.
#include "../bpf.h"

struct {
	__uint(type, MAP_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
	__uint(max_entries, 1);
} here SEC(".maps");

extern struct {
	__uint(type, MAP_ARRAY);
} m SEC(".maps");

SEC("xdp") int use(void *ctx)
{
	__u32 key = 0;
	return map_lookup_elem(&here, &key) && map_lookup_elem(&m, &key) ? XDP_DROP : XDP_PASS;
}

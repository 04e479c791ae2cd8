// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Programs in sections of a vendor's: what handlers of programs are asked about.
#include "vendor.h"

struct {
	__uint(type, MAP_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 4);
} vendor_calls SEC(".maps");

struct {
	__uint(type, MAP_PROG_ARRAY);
	__uint(key_size, 4);
	__uint(max_entries, 4);
} vendor_jumps SEC(".maps");

SEC("vendor/3") int third(void *ctx)
{
	return 33;
}

SEC("vendor") int exact(void *ctx)
{
	return 1;
}

SEC("vendor/skip") int skipped(void *ctx)
{
	return 2;
}

SEC("?vendor/off") int off(void *ctx)
{
	return 4;
}

SEC("nobody/knows") int fallen(void *ctx)
{
	return 3;
}

SEC("xdp") int entry(void *ctx)
{
	tail_call(ctx, &vendor_jumps, 3);
	return XDP_PASS;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Functions that call functions: in .text and in the program's own section, one twice, one through a pointer (Linux 5.13); and one called by nobody.
#include "bpf.h"

static long (*const for_each)(__u32 n, void *callback, void *context, __u64 flags) = (void *)181;

struct {
	__uint(type, MAP_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} counts SEC(".maps");

__noinline int unused(int x)
{
	return x * 3;
}

static __noinline int leaf(int x)
{
	__u32 key = 0;
	__u64 *n = map_lookup_elem(&counts, &key);
	if (n)
		*n += x;
	return x + 1;
}

__noinline int branch(int x)
{
	return leaf(x) + leaf(x + 1);
}

static int each(__u32 i, void *context)
{
	*(int *)context += 1;
	return 0;
}

SEC("xdp") int direct(void *ctx)
{
	return branch(1) + leaf(2);
}

SEC("xdp") int beside(void *ctx)
{
	return branch(2);
}

SEC("?tc") int pointer(void *ctx)
{
	int n = 0;
	for_each(3, each, &n, 0);
	return n;
}

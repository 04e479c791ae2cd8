// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// To be linked with first.c.
#include "../bpf.h"

struct {
	__uint(type, MAP_HASH);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 8);
} other SEC(".maps");

extern struct {
	__uint(type, MAP_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 4);
} counts SEC(".maps");

int second_data = 50;
long second_bss;
static volatile int own = 70;
extern int first_data, first_function(int x);

int either(int x)
{
	return x + 1000;
}

static __noinline int same(int x)
{
	asm volatile("" : "+r"(x));
	return x + 20;
}

__noinline int second_function(int x)
{
	return first_function(x) + same(x);
}

SEC("xdp")
int second(void *ctx)
{
	__u32 key = 1;
	__u64 *value = map_lookup_elem(&counts, &key);

	second_bss++;
	return (value ? *value : 0) + own + first_data;
}

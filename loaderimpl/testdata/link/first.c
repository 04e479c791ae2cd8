// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// To be linked with second.c: each refers to maps, variables and functions of the other.
#include "../bpf.h"

struct {
	__uint(type, MAP_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 4);
} counts SEC(".maps");

extern struct {
	__uint(type, MAP_HASH);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 8);
} other SEC(".maps");

int first_data = 5, first_bss;
const volatile int first_constant = 100;
static volatile int own = 7;
extern int second_data, second_function(int x);

__weak int either(int x)
{
	return x + 1;
}

__noinline int first_function(int x)
{
	return x * 2;
}

static __noinline int same(int x)
{
	asm volatile("" : "+r"(x));
	return x + 10;
}

SEC("xdp")
int first(void *ctx)
{
	__u32 key = 1;
	__u64 value = 3;

	map_update_elem(&counts, &key, &value, 0);
	map_update_elem(&other, &key, &value, 0);
	first_bss++;
	return second_function(first_data) + own + second_data + first_constant + either(1) + same(0) + first_function(second_data);
}

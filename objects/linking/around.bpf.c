// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A weak function between others: one behind it calls one before it, and programs call both sides.
#include "bpf.h"

static __noinline int deep(int x)
{
	asm volatile("" : "+r"(x));
	return x + 3;
}

__noinline int before(int x)
{
	return 2 * deep(x);
}

__weak int shared(int x)
{
	asm volatile("" : "+r"(x));
	return x + 1;
}

__noinline int after(int x)
{
	return 3 * deep(x);
}

static __noinline int last(int x)
{
	asm volatile("" : "+r"(x));
	return x + 50;
}

SEC("xdp")
int run_before(void *ctx)
{
	return before(5);
}

SEC("xdp")
int run_after(void *ctx)
{
	return after(5);
}

SEC("xdp")
int run_last(void *ctx)
{
	return last(5);
}

SEC("xdp")
int run_shared(void *ctx)
{
	return shared(5);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A function that calls one of another object.
//
// variants:
//   chain_first: NAME=first NEXT=second FACTOR=2 PROGRAM=run_first
//       // The first of three functions, each in an object, that call the next.
//   chain_second: NAME=second NEXT=third FACTOR=3 PROGRAM=run_second
//       // The second of three functions, each in an object, that call the next.
//   chain_third: NAME=third NEXT=last FACTOR=5 PROGRAM=run_third
//       // The third of three functions, each in an object, that call the next.
#include "bpf.h"

extern int NEXT(int x);

__noinline int NAME(int x)
{
	return NEXT(x * FACTOR) + 1;
}

__weak int last(int x)
{
	return x;
}

SEC("xdp")
int PROGRAM(void *ctx)
{
	return NAME(1);
}

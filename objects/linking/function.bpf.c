// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A function that another object calls, and a program that calls it.
//
// variants:
//   function: LINKAGE=__noinline RESULT=int PARAMETER=int ADD=1000 PROGRAM=run
//       // A function that adds 1000, which another object calls, and a program that calls it.
//   function_other: ADD=2000 PROGRAM=run_other // The function, which adds 2000.
//   function_static: LINKAGE=static __noinline ADD=3000 PROGRAM=run_static
//       // The function, which adds 3000 and is this object's own.
//   function_static_other: LINKAGE=static __noinline ADD=4000 PROGRAM=run_other
//       // The function, which adds 4000 and is this object's own.
//   function_weak: LINKAGE=__weak ADD=1 PROGRAM=run_weak // The function, weak, which adds 1.
//   function_weak_other: LINKAGE=__weak ADD=2 PROGRAM=run_other
//       // The function, weak, which adds 2.
#include "bpf.h"

LINKAGE RESULT shared(PARAMETER x)
{
	asm volatile("" : "+r"(x));
	return x + ADD;
}

SEC("xdp")
int PROGRAM(void *ctx)
{
	return shared(5);
}

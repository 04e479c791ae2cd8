// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that calls a function of another object.
//
// variants:
//   caller: DECLARED=int shared(int x) CALLED=shared(5) PROGRAM=call
//       // A program that calls a function of another object.
//   caller_more: DECLARED=int shared(int x, int y) CALLED=shared(5, 6)
//       // The program, which declares the function with another parameter.
//   caller_other: PROGRAM=call_other // Another program that calls the function.
//   caller_parameter: DECLARED=int shared(long x)
//       // The program, which declares the function's parameter with another type.
//   caller_result: DECLARED=long shared(int x)
//       // The program, which declares that the function returns another type.
//   caller_variable: DECLARED=int shared CALLED=shared
//       // The program, which declares the function's name as a variable.
#include "bpf.h"

extern DECLARED;

SEC("xdp")
int PROGRAM(void *ctx)
{
	return CALLED;
}

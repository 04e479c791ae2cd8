// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that reads a variable of another object, beside a variable of its own.
//
// variants:
//   reader: DECLARED=volatile int shared READ=shared
//       // A program that reads a variable of another object.
//   reader_array: DECLARED=volatile int shared[2] READ=shared[0]
//       // The program, which declares the variable as an array.
//   reader_long: DECLARED=volatile long shared
//       // The program, which declares the variable with another type.
//   reader_rodata: DECLARED=const volatile int shared
//       // The program, which declares a variable that is not written to.
//   reader_section: DECLARED=volatile int shared EXTERN_SEC(".data.other")
//       // The program, which declares the variable in a section of its own.
//   reader_weak: DECLARED=volatile int shared __weak READ=(&shared ? shared : 77)
//       // The program, which can do without the variable.
#include "bpf.h"

extern DECLARED;

/* In front of the variable that is read, where this object comes first. */
volatile int own_data = 300;
volatile int own_zero;
const volatile int own_constant = 400;

SEC("xdp")
int read(void *ctx)
{
	return READ;
}

SEC("xdp")
int read_own(void *ctx)
{
	return own_data + own_zero + own_constant;
}

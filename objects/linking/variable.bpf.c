// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A variable that another object reads, and a program that writes to it where it can.
//
// variants:
//   variable_data: QUALIFIER=volatile LINKAGE= TYPE=int INITIAL== 7 WRITTEN=shared += 10
//       PROGRAM=write // A variable in data, which another object reads.
//   variable_bss: INITIAL= // The variable in data of zeros.
//   variable_long: TYPE=long // The variable, of another type.
//   variable_other: INITIAL== 8 PROGRAM=write_other // The variable, with another value.
//   variable_rodata: QUALIFIER=const volatile INITIAL== 9 WRITTEN=
//       // The variable in read-only data.
//   variable_static: LINKAGE=static INITIAL== 100 PROGRAM=write_static
//       // The variable, which is this object's own.
//   variable_weak: LINKAGE=__weak INITIAL== 1000 PROGRAM=write_weak // The variable, weak.
//   variable_weak_other: LINKAGE=__weak INITIAL== 2000 PROGRAM=write_other
//       // The variable, weak, with another value.
#include "bpf.h"

LINKAGE QUALIFIER TYPE shared INITIAL;

SEC("xdp")
int PROGRAM(void *ctx)
{
	WRITTEN;
	return shared;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A function of the kernel's that a program can do without, and one that calls it all the same.
//
// variants:
//   ksym_kfunc_weak: GUARD=(lock)
//       // A function that no kernel has, and that a program looks for first.
//   ksym_kfunc_weak_called: GUARD=(1) // A function that no kernel has, and that a program calls.
#include "extern.h"

extern void loadstone_nowhere(void) __ksym __weak;

SEC("xdp")
int call(struct xdp_md *ctx)
{
	void (*lock)(void) = loadstone_nowhere;

	asm volatile("" : "+r"(lock));
	if (!GUARD)
		return 7;
	loadstone_nowhere();
	return 42;
}

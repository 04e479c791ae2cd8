// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that calls functions of the kernel's, which another object calls too.
//
// variants:
//   ksym: LINK= KFUNC=bpf_rcu_read_lock PROGRAM=call
//       // A program that calls functions of the kernel's.
//   ksym_other: PROGRAM=call_other // Another program that calls them.
//   ksym_weak: LINK=__weak KFUNC=loadstone_nowhere PROGRAM=call_weak
//       // A program that can do without them, and without a function that no kernel has.
#include "extern.h"

extern void KFUNC(void) __ksym LINK;
extern void bpf_rcu_read_unlock(void) __ksym LINK;

SEC("xdp")
int PROGRAM(struct xdp_md *ctx)
{
	void (*lock)(void) = KFUNC;

	asm volatile("" : "+r"(lock));
	if (!lock)
		return 7;
	KFUNC();
	bpf_rcu_read_unlock();
	return 42;
}

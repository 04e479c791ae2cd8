// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Programs that use symbols of the kernel's, which another object uses too.
//
// variants:
//   ksym: LINK= KFUNC=bpf_rcu_read_lock SUFFIX=
//       // Programs that use a variable and a function of the kernel's.
//   ksym_other: SUFFIX=_other // Other programs that use the same.
//   ksym_weak: LINK=__weak KFUNC=loadstone_nowhere SUFFIX=_weak
//       // Programs that use the same and can do without, and a function that no kernel has.
#include "extern.h"

#define PASTE(a, b) a##b
#define NAMED(a, b) PASTE(a, b)

extern const struct rq runqueues __ksym LINK;
extern void KFUNC(void) __ksym LINK;
extern void bpf_rcu_read_unlock(void) __ksym LINK;

SEC("xdp")
int NAMED(variable, SUFFIX)(struct xdp_md *ctx)
{
	return bpf_this_cpu_ptr(&runqueues) ? 5 : 6;
}

SEC("xdp")
int NAMED(call, SUFFIX)(struct xdp_md *ctx)
{
	void (*lock)(void) = KFUNC;

	asm volatile("" : "+r"(lock));
	if (!lock)
		return 7;
	KFUNC();
	bpf_rcu_read_unlock();
	return 42;
}

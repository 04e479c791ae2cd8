// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A function of the kernel's that is declared with a parameter too many.
//
// variants:
//   ksym_kfunc_other: LINK= // A function of the kernel's, declared with a parameter too many.
//   ksym_kfunc_other_weak: LINK=__weak
//       // A function of the kernel's, declared with a parameter too many, and not needed.
#include "extern.h"

extern void bpf_rcu_read_lock(int more) __ksym LINK;
extern void bpf_rcu_read_unlock(void) __ksym;

SEC("xdp")
int call(struct xdp_md *ctx)
{
	void (*lock)(int) = bpf_rcu_read_lock;

	asm volatile("" : "+r"(lock));
	if (!lock)
		return 7;
	bpf_rcu_read_lock(1);
	bpf_rcu_read_unlock();
	return 42;
}

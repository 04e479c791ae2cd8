// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that calls functions of the kernel's.
//
// variants:
//   ksym_kfunc: LOCK=bpf_rcu_read_lock // A call of two functions of the kernel's.
//   ksym_kfunc_flavor: LOCK=bpf_rcu_read_lock___again
//       // A call of a function of the kernel's by a name that tells two declarations apart.
//   ksym_kfunc_missing: LOCK=loadstone_nowhere // A call of a function that no kernel has.
#include "extern.h"

extern void LOCK(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

SEC("xdp")
int call(struct xdp_md *ctx)
{
	LOCK();
	bpf_rcu_read_unlock();
	return 42;
}

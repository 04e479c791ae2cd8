// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A function of the kernel's that a program looks for before it calls it, and finds.
#include "extern.h"

extern void bpf_rcu_read_lock(void) __ksym __weak;
extern void bpf_rcu_read_unlock(void) __ksym __weak;

SEC("xdp")
int call(struct xdp_md *ctx)
{
	void (*lock)(void) = bpf_rcu_read_lock;

	asm volatile("" : "+r"(lock));
	if (!lock)
		return 7;
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	return 42;
}

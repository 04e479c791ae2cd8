// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A variable of the kernel's with a type, and a program that says whether it is this CPU's.
//
// variants:
//   ksym_typed: TYPE=struct rq NAME=runqueues LINK=
//       // The scheduler's queues, a variable with a type that each CPU has for itself.
//   ksym_typed_missing: NAME=loadstone_nowhere // A variable with a type that no kernel has.
//   ksym_typed_weak: NAME=loadstone_nowhere LINK=__weak
//       // A variable with a type that no kernel has, and that programs can do without.
//   ksym_typed_other: TYPE=union rq // A variable of the kernel's, declared with another type.
#include "extern.h"

TYPE {
	__u32 cpu;
} __attribute__((preserve_access_index));

extern const TYPE NAME __ksym LINK;

SEC("xdp")
int own(struct xdp_md *ctx)
{
	const TYPE *queues = &NAME, *queue;

	asm volatile("" : "+r"(queues));
	if (!queues)
		return 7;
	queue = bpf_this_cpu_ptr(queues);
	return queue->cpu == bpf_get_smp_processor_id();
}

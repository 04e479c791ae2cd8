// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that reads a variable of the kernel's, which another object reads too.
//
// variants:
//   ksym_variable: LINK= PROGRAM=own
//       // A program that says whether the scheduler has a queue for its CPU.
//   ksym_variable_other: PROGRAM=own_other // Another program that says it.
//   ksym_variable_weak: LINK=__weak PROGRAM=own_weak
//       // A program that says it and can do without the variable.
#include "extern.h"

struct rq {
	__u32 cpu;
} __attribute__((preserve_access_index));

extern const struct rq runqueues __ksym LINK;

SEC("xdp")
int PROGRAM(struct xdp_md *ctx)
{
	const struct rq *queues = &runqueues, *queue;

	asm volatile("" : "+r"(queues));
	if (!queues)
		return 7;
	queue = bpf_this_cpu_ptr(queues);
	return queue->cpu == bpf_get_smp_processor_id();
}

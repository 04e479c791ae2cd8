// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A scheduler, for the tasks that ask for its policy and no others. It has no queue of its own: the
// kernel's does.
//
// variants:
//   sched: RUNNING="struct_ops/running"
//       // A scheduler, whose programs to begin and to end may sleep.
//   sched_sleepable_running: RUNNING="struct_ops.s/running"
//       // The scheduler with a program that may sleep where the kernel forbids it.
#include "struct_ops.h"

#define SCX_OPS_NAME_LEN 128
#define SCX_OPS_SWITCH_PARTIAL (1ULL << 3)

struct sched_ext_ops {
	void (*running)(void *task);
	void (*exit)(void *info);
	__s32 (*init)(void);
	__u64 flags;
	char name[SCX_OPS_NAME_LEN];
};

SEC(RUNNING)
int running(__u64 *ctx)
{
	return 0;
}

SEC("struct_ops.s/init")
int begin(__u64 *ctx)
{
	return 0;
}

SEC("struct_ops.s/exit")
int end(__u64 *ctx)
{
	return 0;
}

SEC(LINKED)
struct sched_ext_ops sched = {
	.running = (void *)running,
	.exit = (void *)end,
	.init = (void *)begin,
	.flags = SCX_OPS_SWITCH_PARTIAL,
	.name = "ls_sched",
};

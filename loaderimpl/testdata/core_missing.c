// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Programs that ask for a member which no kernel has: one asks first whether it is there.
#include "bpf.h"

struct task_struct {
	struct {
		int list[4];
	} loadstone;
} __attribute__((preserve_access_index));

SEC("raw_tp/sys_enter") int guarded(void *ctx)
{
	struct task_struct *task = 0;
	if (!__builtin_preserve_field_info(task->loadstone.list[2], 2))
		return 7;
	return __builtin_preserve_field_info(task->loadstone.list[2], 0);
}

SEC("raw_tp/sys_enter") int live(void *ctx)
{
	return __builtin_preserve_field_info(((struct task_struct *)0)->loadstone.list[2], 0);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that is fitted to the running kernel: it returns the offset of a member of a kernel struct.
#include "bpf.h"

struct task_struct {
	int pid;
	int tgid;
} __attribute__((preserve_access_index));

SEC("raw_tp/sys_enter") int use(void *ctx)
{
	return __builtin_preserve_field_info(((struct task_struct *)0)->tgid, 0);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that returns the number of a type of its object, and whether the kernel has a field.
#include "../bpf.h"

struct numbered {
	int a, b;
};

struct task_struct___here {
	int pid;
} __attribute__((preserve_access_index));

SEC("xdp")
int type_id(void *ctx)
{
	return __builtin_btf_type_id(*(struct numbered *)0, 0);
}

SEC("xdp")
int has_pid(void *ctx)
{
	struct task_struct___here *task = 0;

	return __builtin_preserve_field_info(task->pid, 2 /* BPF_FIELD_EXISTS */);
}

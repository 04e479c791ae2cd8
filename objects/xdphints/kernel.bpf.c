// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that reads of the kernel beyond its packet: who runs it, by the kernel's types.
#include "core.h"

static __u64 (*const bpf_get_current_task)(void) = (void *)35;
static long (*const bpf_probe_read_kernel)(void *to, __u32 size, const void *from) = (void *)113;

struct task_struct {
	int pid;
	int tgid;
	int loadstone_missing;
	struct task_struct *group_leader;
	char comm[16];
} relocatable;

struct loadstone_missing {
	int number;
};

struct answers answers SEC(".maps");

#define read(to, from, field) \
	bpf_probe_read_kernel(&to, sizeof(to), (const void *)(from) + field_offset((from)->field))

SEC("xdp")
int reader(struct xdp_md *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task(), *leader = 0;
	__u64 comm[2] = {};
	int tgid = 0, pid = 0;

	read(comm, task, comm);
	read(tgid, task, tgid);
	read(leader, task, group_leader);
	read(pid, leader, pid);
	tell(&answers, 0, comm[0]);
	tell(&answers, 1, comm[1]);
	tell(&answers, 2, tgid && tgid == pid);
	tell(&answers, 3, field_offset(task->comm));
	tell(&answers, 4, field_size(task->comm));
	tell(&answers, 5, field_exists(task->loadstone_missing));
	tell(&answers, 6, type_size(struct task_struct));
	tell(&answers, 7, type_exists(struct loadstone_missing));
	return 1;
}

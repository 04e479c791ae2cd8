// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that may sleep, and does: it copies from user space.
//
// variants:
//   sleepable_syscall: SECTION="syscall" // A program that user space calls, and that may sleep.
//   sleepable_uprobe: SECTION="uprobe.s"
//       // A program for a place in user space, and that may sleep.
#include "bpf.h"

static long (*const bpf_copy_from_user)(void *to, __u32 size, const void *from) = (void *)148;

SEC(SECTION)
int copy(void *ctx)
{
	__u64 copied;

	return bpf_copy_from_user(&copied, sizeof(copied), (void *)0) ? 1 : 0;
}

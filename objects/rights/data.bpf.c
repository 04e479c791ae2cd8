// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A socket filter that counts its runs in a global variable, by a step that is read-only data.
#include "bpf.h"

const volatile __u64 step = 3;
__u64 runs = 40;

SEC("socket")
int count(void *ctx)
{
	__sync_fetch_and_add(&runs, step);
	return 0;
}

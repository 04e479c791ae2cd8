// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Programs of several kinds, one of which is refused when it is attached.
#include "bpf.h"

SEC("xdp")
int first(void *ctx)
{
	return 2;
}

SEC("xdp")
int second(void *ctx)
{
	return 2;
}

SEC("tracepoint/sched/sched_switch")
int switched(void *ctx)
{
	return 0;
}

SEC("tracepoint/sched/loadstone_nowhere")
int nowhere(void *ctx)
{
	return 0;
}

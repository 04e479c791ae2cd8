// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of perf events, for one CPU.
#include "four_ways.h"

SIZED_MAP(m, BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 1);

SEC("xdp")
int use(struct xdp_md *ctx)
{
	__u64 event = DOES;

	/* No process reads the events, so the helper fails. */
	return bpf_perf_event_output(ctx, &m, BPF_F_CURRENT_CPU, &event, sizeof(event)) ? DOES
											: DOES_NOT;
}

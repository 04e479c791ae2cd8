// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An XDP program, a, with a run configuration.
//
// variants:
//   configured_priority: MEMBERS=__uint(priority, 10);
//       // An XDP program, a, of priority 10.
//   configured_late: MEMBERS=__uint(priority, 90);
//       // An XDP program, a, of priority 90.
//   configured_drop: MEMBERS=__uint(priority, 10); __uint(XDP_DROP, 1);
//       // An XDP program, a, of priority 10 after which the next runs if it drops.
//   configured_none: MEMBERS=__uint(priority, 10); __uint(XDP_PASS, 0);
//       // An XDP program, a, of priority 10 after which the next never runs.
//   configured_all: MEMBERS=ALL_ACTIONS
//       // An XDP program, a, after which the next always runs.
//   configured_unknown: MEMBERS=__uint(priority, 10); __uint(colour, 1);
//       // An XDP program, a, whose run configuration has a field that no loader knows.
//   configured_type: MEMBERS=__type(priority, __u32);
//       // An XDP program, a, whose priority is a type.
#include "xdp_chain.h"

struct seen seen SEC(".maps");

#define ALL_ACTIONS \
	__uint(XDP_ABORTED, 1); \
	__uint(XDP_DROP, 1); \
	__uint(XDP_PASS, 1); \
	__uint(XDP_TX, 1); \
	__uint(XDP_REDIRECT, 1);

struct {
	MEMBERS
} XDP_RUN_CONFIG(a);

SEC("xdp")
int a(struct xdp_md *ctx)
{
	return answer(ctx, &seen, 'a');
}

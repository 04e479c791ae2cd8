// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A dispatcher as another loader writes it that follows libxdp's protocol.
//
// variants:
//   dispatcher_v2: VERSION=2 DEVBOUND= // A dispatcher of version 2, as libxdp 1.3 to 1.5 has it.
//   dispatcher_v3: VERSION=3 DEVBOUND=__u8 is_xdp_devbound;
//       // A dispatcher of version 3, as libxdp has it since 1.6.
//   dispatcher_newer: VERSION=99 DEVBOUND=__u64 more[4];
//       // A dispatcher of a version that no loader knows.
#include "xdp_chain.h"

#define SLOTS 10
#define NO_PROGRAM 31 /* what a slot answers that no program is in */

static long (*const bpf_xdp_adjust_tail)(struct xdp_md *ctx, int delta) = (void *)65;

struct xdp_dispatcher_config {
	__u8 magic;
	__u8 dispatcher_version;
	__u8 num_progs_enabled;
	__u8 is_xdp_frags;
	__u32 chain_call_actions[SLOTS];
	__u32 run_prios[SLOTS];
	__u32 program_flags[SLOTS];
	DEVBOUND
};

const volatile struct xdp_dispatcher_config conf = { .magic = 236, .dispatcher_version = VERSION };

#define SLOT(n) \
	__noinline int prog##n(struct xdp_md *ctx) \
	{ \
		volatile int ret = NO_PROGRAM; \
		if (!ctx) \
			return XDP_ABORTED; \
		bpf_xdp_adjust_tail(ctx, 0); /* so that what takes its place may change packets */ \
		return ret; \
	}

SLOT(0)
SLOT(1)
SLOT(2)
SLOT(3)
SLOT(4)
SLOT(5)
SLOT(6)
SLOT(7)
SLOT(8)
SLOT(9)

#define RUN(n) \
	if (conf.num_progs_enabled <= n) \
		return XDP_PASS; \
	ret = prog##n(ctx); \
	if (!(1U << ret & conf.chain_call_actions[n])) \
		return ret

SEC("xdp")
int xdp_dispatcher(struct xdp_md *ctx)
{
	int ret;

	RUN(0);
	RUN(1);
	RUN(2);
	RUN(3);
	RUN(4);
	RUN(5);
	RUN(6);
	RUN(7);
	RUN(8);
	RUN(9);
	return XDP_PASS;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An XDP program, a, that is not as most are. Its first argument is the context.
//
// variants:
//   odd_static: HEAD=static int a(struct xdp_md *ctx) BEFORE= DO= KIND="xdp"
//       // An XDP program, a, that is static.
//   odd_void: HEAD=int a(void *of) BEFORE= DO=struct xdp_md *ctx = of; KIND="xdp"
//       // An XDP program, a, whose context is a pointer to void.
//   odd_two_arguments: HEAD=int a(struct xdp_md *ctx, int more) BEFORE= DO= KIND="xdp"
//       // An XDP program, a, that takes two arguments.
//   odd_number: HEAD=int a(__u64 of) BEFORE= DO=struct xdp_md *ctx = (void *)of; KIND="xdp"
//       // An XDP program, a, whose context is a number.
//   odd_other_context: HEAD=int a(struct other *of) BEFORE=struct other { __u32 data; };
//       DO=struct xdp_md *ctx = (void *)of; KIND="xdp"
//       // An XDP program, a, whose context is a structure of another name.
//   odd_name: HEAD=int a_name_of_more_than_fifteen(struct xdp_md *ctx) BEFORE= DO= KIND="xdp"
//       // An XDP program with a name that the kernel cuts.
//   odd_subprogram: HEAD=int a(struct xdp_md *ctx) BEFORE=CALLED DO=called(inner(ctx)); KIND="xdp"
//       // An XDP program, a, that calls functions of its own.
//   odd_endless: HEAD=int a(struct xdp_md *ctx) BEFORE= DO=for (;;) asm volatile(""); KIND="xdp"
//       // An XDP program, a, that the verifier refuses.
//   odd_devmap: HEAD=int a(struct xdp_md *ctx) BEFORE= DO= KIND="xdp/devmap"
//       // An XDP program, a, for a map of devices, not for a device.
#include "xdp_chain.h"

/* A function of its own, and one that the verifier looks at by itself. */
#define CALLED \
	__u64 calls; \
	static __noinline int inner(struct xdp_md *ctx) \
	{ \
		return ctx->data_end - ctx->data > 0; \
	} \
	__noinline int called(__u64 more) \
	{ \
		__sync_fetch_and_add(&calls, more); \
		return more != 0; \
	}

struct seen seen SEC(".maps");

BEFORE

SEC(KIND)
HEAD
{
	DO
	return answer(ctx, &seen, 'a');
}

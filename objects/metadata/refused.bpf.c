// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two programs with metadata that neither refers to.
//
// variants:
//   second_good: RESULT=0 // Two good programs with metadata.
//   second_refused: RESULT=*(volatile int *)16 // The verifier refuses the second.
#include "bpf.h"

const char bpf_metadata_owner[] SEC(".rodata") = "networking";

SEC("xdp")
int first(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("socket")
int second(void *ctx)
{
	return RESULT;
}

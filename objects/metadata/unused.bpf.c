// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Metadata that none of two programs refers to.
#include "bpf.h"

const char bpf_metadata_owner[] SEC(".rodata") = "networking";
const __u32 bpf_metadata_revision SEC(".rodata") = 4711;

SEC("xdp")
int first(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("socket")
int second(void *ctx)
{
	return 0;
}

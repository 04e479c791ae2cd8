// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Metadata that one of two programs refers to, beside data that both or none refer to.
#include "bpf.h"

const volatile __u32 bpf_metadata_revision = 4711;
volatile __u32 initialised = 40;
volatile __u32 zero;

SEC("xdp")
int reads(struct xdp_md *ctx)
{
	return bpf_metadata_revision;
}

SEC("xdp")
int counts(struct xdp_md *ctx)
{
	initialised += 1;
	return XDP_PASS;
}

SEC("xdp")
int nothing(struct xdp_md *ctx)
{
	return XDP_PASS;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Metadata that one of two programs refers to, beside data that it writes to.
#include "bpf.h"

const volatile __u32 bpf_metadata_revision = 4711;
volatile __u32 initialised = 40;

SEC("xdp")
int reads(struct xdp_md *ctx)
{
	initialised += 1;
	return bpf_metadata_revision;
}

SEC("socket")
int nothing(void *ctx)
{
	return 0;
}

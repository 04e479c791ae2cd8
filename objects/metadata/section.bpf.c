// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Metadata in section .metadata, which no loader has to read, beside such in read-only data.
#include "bpf.h"

const char bpf_metadata_owner[] SEC(".metadata") = "networking";
const __u32 bpf_metadata_revision SEC(".rodata") = 4711;

SEC("xdp")
int nothing(struct xdp_md *ctx)
{
	return XDP_PASS;
}

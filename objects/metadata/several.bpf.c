// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Metadata in several sections of read-only data, none of which a program refers to.
#include "bpf.h"

const char bpf_metadata_owner[] SEC(".rodata") = "networking";
const __u32 bpf_metadata_revision SEC(".rodata.build") = 4711;
const __u64 bpf_metadata_time SEC(".rodata.time") = 1600000000;

SEC("xdp")
int nothing(struct xdp_md *ctx)
{
	return XDP_PASS;
}

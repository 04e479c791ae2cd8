// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Metadata of every type that C has, none of which a program refers to.
#include "bpf.h"

enum stage { TESTING = 1, STABLE = 2 };

struct version {
	__u16 major;
	__u16 minor;
	char suffix[8];
	__u32 dirty : 1;
	__s32 offset : 5;
	enum stage stage;
};

union address {
	__u32 number;
	__u8 bytes[4];
};

const char bpf_metadata_owner[16] SEC(".rodata") = "networking";
const char bpf_metadata_broken[4] SEC(".rodata") = {'a', 0, 'b', 0};
const __u64 bpf_metadata_built SEC(".rodata") = 18446744073709551615ULL;
const __s64 bpf_metadata_offset SEC(".rodata") = -3600;
const __u8 bpf_metadata_level SEC(".rodata") = 200;
const _Bool bpf_metadata_debug SEC(".rodata") = 1;
const enum stage bpf_metadata_stage SEC(".rodata") = STABLE;
const __u16 bpf_metadata_ports[2][2] SEC(".rodata") = {{80, 443}, {8080, 8443}};
const struct version bpf_metadata_version SEC(".rodata") = {6, 12, "rc1", 1, -3, TESTING};
const union address bpf_metadata_address SEC(".rodata") = {.bytes = {1, 1, 1, 1}};
const __u32 not_metadata SEC(".rodata") = 1;
__u32 bpf_metadata_written SEC(".data") = 2;

SEC("xdp")
int nothing(struct xdp_md *ctx)
{
	return XDP_PASS;
}

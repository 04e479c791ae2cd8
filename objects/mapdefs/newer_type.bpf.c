// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map whose value has a member that kernels learned to describe after Linux 5.10, among others.
//
// variants:
//   newer_none: MEMBER=__u32 last // A map whose value every kernel can describe.
//   newer_enum_signed: MEMBER=enum verdict last
//       // A map with an enum that has a negative value, which sets a flag of BTF (Linux 6.0).
//   newer_enum_64: MEMBER=enum wide last // A map with an enum of 64 bits (Linux 6.0).
//   newer_float: MEMBER=float last // A map with a float (Linux 5.13).
//   newer_type_tag: MEMBER=__u32 __attribute__((btf_type_tag("shared"))) *last
//       // A map with a pointer to a tagged type (Linux 5.17).
//   newer_decl_tag: MEMBER=__u32 __attribute__((btf_decl_tag("shared"))) last
//       // A map with a tagged member (Linux 5.16).
#include "bpf.h"

enum verdict { REFUSED = -1, TAKEN = 1 };
enum wide { NEAR = 1, FAR = 0x100000000ULL };

struct with_newer {
	MEMBER;
	__u32 plain;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct with_newer);
} m SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map with a tag, which kernels before 5.16 do not take in BTF.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} m SEC(".maps") __attribute__((btf_decl_tag("shared")));

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}

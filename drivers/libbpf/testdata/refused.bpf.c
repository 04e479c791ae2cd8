// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A program that the verifier refuses: it reads through a pointer that may be NULL. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} m SEC(".maps");

SEC("xdp")
int reads_through_null(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex, *value = bpf_map_lookup_elem(&m, &key);

	return *value;
}

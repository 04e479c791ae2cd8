// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs in sections that libbpf does not know, and the maps that their handlers fill. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} vendor_calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} vendor_jumps SEC(".maps");

SEC("vendor/3")
int third(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("vendor/skip")
int skipped(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("vendor")
int exact(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("elsewhere")
int fallback(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";

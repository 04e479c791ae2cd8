// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A map of two kinds, global data, and a program that uses them: loads on every kernel that has BTF maps. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} shared SEC(".maps");

const volatile __u32 verdict = XDP_PASS;

SEC("xdp")
int count(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex;
	__u64 *seen = bpf_map_lookup_elem(&counts, &key);

	if (seen)
		__sync_fetch_and_add(seen, 1);
	key = 0;
	return bpf_map_lookup_elem(&shared, &key) ? verdict : XDP_ABORTED;
}

char _license[] SEC("license") = "Dual BSD/GPL";

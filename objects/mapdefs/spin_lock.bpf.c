// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array whose values hold a lock. The verifier lets a program lock it only where the map has
// BTF.
#include "bpf.h"

struct locked {
	struct bpf_spin_lock lock;
	__u32 n;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct locked);
} m SEC(".maps");

SEC("xdp")
int locked_count(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct locked *v = bpf_map_lookup_elem(&m, &zero);

	if (!v)
		return XDP_PASS;
	bpf_spin_lock(&v->lock);
	v->n += 1;
	bpf_spin_unlock(&v->lock);
	return XDP_PASS;
}

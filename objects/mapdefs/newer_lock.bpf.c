// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map whose values hold a lock, and an enum with a negative value, which kernels before Linux 6.0
// cannot describe. The verifier lets a program lock it only where the map has BTF.
#include "bpf.h"

enum verdict { REFUSED = -1, TAKEN = 1 };

struct locked {
	struct bpf_spin_lock lock;
	enum verdict last;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct locked);
} m SEC(".maps");

SEC("xdp")
int locked_store(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct locked *v = bpf_map_lookup_elem(&m, &zero);

	if (!v)
		return XDP_PASS;
	bpf_spin_lock(&v->lock);
	v->last = REFUSED;
	bpf_spin_unlock(&v->lock);
	return XDP_PASS;
}

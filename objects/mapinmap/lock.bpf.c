// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of arrays whose values hold a lock, and a program that takes the lock of one in slot 0.
//
// variants:
//   lock_same: LOCK_LAST=0
//       // An array of arrays with a lock, and one that has it in the same place.
//   lock_other: LOCK_LAST=1
//       // An array of arrays with a lock, and one that has it in another place.
#include "mapinmap.h"

struct locked {
	struct bpf_spin_lock lock;
	__u32 n;
};

struct locked_last {
	__u32 n;
	struct bpf_spin_lock lock;
};

struct template {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct locked);
};

/*
 * A map like the template, for clang to describe struct locked: by pointers alone it does not, and
 * it describes what has an initialiser first.
 */
struct template like SEC(".maps") = {};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
#if LOCK_LAST
	__type(value, struct locked_last);
#else
	__type(value, struct locked);
#endif
} inner_zero SEC(".maps");

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 1, struct template) outer SEC(".maps") = {
	.values = { [0] = (void *)&inner_zero },
};

SEC("xdp")
int locked_count(struct xdp_md *ctx)
{
	__u32 zero = 0;
	void *inner = bpf_map_lookup_elem(&outer, &zero);
	struct locked *v;

	if (!inner)
		return XDP_PASS;
	v = bpf_map_lookup_elem(inner, &zero);
	if (!v)
		return XDP_PASS;
	bpf_spin_lock(&v->lock);
	v->n += 1;
	bpf_spin_unlock(&v->lock);
	return XDP_PASS;
}

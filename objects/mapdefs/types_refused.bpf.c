// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Maps whose values have a field that the kernel keeps for maps of other types or flags only. The
// program does not use that field, so it needs no types.
//
// variants:
//   types_refused_lock: TYPE=BPF_MAP_TYPE_LRU_HASH FIELD=bpf_spin_lock FLAGS=0
//       // An LRU hash whose values hold a lock: ENOTSUPP, from 5.15 on EOPNOTSUPP.
//   types_refused_timer: TYPE=BPF_MAP_TYPE_PERCPU_HASH FIELD=bpf_timer
//       // A hash per CPU whose values hold a timer: EOPNOTSUPP from 5.15 on.
//   types_refused_rdonly: TYPE=BPF_MAP_TYPE_HASH FIELD=bpf_spin_lock FLAGS=BPF_F_RDONLY_PROG
//       // A hash whose values hold a lock that no program may take: EACCES.
#include "bpf.h"

struct bpf_timer {
	__u64 a, b;
} __attribute__((aligned(8)));

struct value {
	struct FIELD field;
	__u32 n;
};

struct {
	__uint(type, TYPE);
	__uint(max_entries, 4);
	__uint(map_flags, FLAGS);
	__type(key, __u32);
	__type(value, struct value);
} m SEC(".maps");

SEC("xdp")
int read_n(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct value *v = bpf_map_lookup_elem(&m, &zero);

	return v && v->n ? 1 : XDP_PASS;
}

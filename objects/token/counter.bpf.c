// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that counts its runs in a map.
//
// variants:
//   array: TYPE=BPF_MAP_TYPE_ARRAY SECTION="socket" RESULT=0 PIN=0
//       // A socket filter that counts in an array.
//   bind: TYPE=BPF_MAP_TYPE_HASH SECTION="cgroup/bind4" RESULT=1 PIN=0
//       // A program of attach type BPF_CGROUP_INET4_BIND.
//   classifier: TYPE=BPF_MAP_TYPE_HASH SECTION="classifier" RESULT=0 PIN=0
//       // A classifier that counts in a hash, for CAP_NET_ADMIN.
//   connect: TYPE=BPF_MAP_TYPE_HASH SECTION="cgroup/connect4" RESULT=1 PIN=0
//       // A program of attach type BPF_CGROUP_INET4_CONNECT.
//   egress: TYPE=BPF_MAP_TYPE_HASH SECTION="cgroup_skb/egress" RESULT=1 PIN=0
//       // A filter of what leaves a cgroup, of attach type BPF_CGROUP_INET_EGRESS.
//   hash: TYPE=BPF_MAP_TYPE_HASH SECTION="socket" RESULT=0 PIN=0
//       // A socket filter that counts in a hash, for CAP_BPF.
//   pinned: TYPE=BPF_MAP_TYPE_HASH SECTION="socket" RESULT=0 PIN=1
//       // A socket filter with a hash that is pinned by name.
//   raw_tracepoint: TYPE=BPF_MAP_TYPE_HASH SECTION="raw_tracepoint/sys_enter" RESULT=0 PIN=0
//       // A raw tracepoint that counts in a hash, for CAP_PERFMON.
#include "bpf.h"

struct count {
	__u64 runs;
};

struct {
	__uint(type, TYPE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct count);
#if PIN
	__uint(pinning, LIBBPF_PIN_BY_NAME);
#endif
} counts SEC(".maps");

SEC(SECTION)
int count(void *ctx)
{
	struct count first = { .runs = 1 };
	struct count *counted;
	__u32 zero = 0;

	counted = bpf_map_lookup_elem(&counts, &zero);
	if (counted)
		counted->runs += 1;
	else
		bpf_map_update_elem(&counts, &zero, &first, BPF_ANY);
	return RESULT;
}

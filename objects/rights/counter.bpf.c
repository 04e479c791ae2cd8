// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that counts its runs in an array.
//
// variants:
//   classifier: SECTION="classifier" RESULT=0 PIN=0
//       // A counter as a classifier, for CAP_NET_ADMIN.
//   raw_tracepoint: SECTION="raw_tracepoint/sys_enter" RESULT=0 PIN=0
//       // A counter as a raw tracepoint, for CAP_PERFMON.
//   socket: SECTION="socket" RESULT=0 PIN=0 // A counter as a socket filter, for CAP_BPF alone.
//   socket_pinned: SECTION="socket" RESULT=0 PIN=1
//       // A counter as a socket filter, with a map that is pinned by name.
//   xdp: SECTION="xdp" RESULT=2 PIN=0 // A counter as an XDP program, for CAP_NET_ADMIN.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
#if PIN
	__uint(pinning, LIBBPF_PIN_BY_NAME);
#endif
} counts SEC(".maps");

SEC(SECTION)
int count(void *ctx)
{
	__u32 zero = 0;
	__u64 *n = bpf_map_lookup_elem(&counts, &zero);

	if (n)
		*n += 1;
	return RESULT;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map that other objects do not see, or that this one does not define.
//
// variants:
//   static_map: STORAGE=static SECTION=SEC(".maps")
//       // A static map, which has no name outside its object. The program keeps the compiler from
//       dropping it.
//   extern_map: STORAGE=extern SECTION=EXTERN_SEC(".maps")
//       // A map that is declared here and defined nowhere.
#include "bpf.h"

STORAGE struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} m SECTION;

SEC("xdp")
int look(struct xdp_md *ctx)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&m, &key) ? 1 : XDP_PASS;
}

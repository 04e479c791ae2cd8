// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map that another object uses, and a program that stores 11 in it.
//
// variants:
//   map: LINKAGE= ENTRIES=4 STORED=11 PROGRAM=store // A map that another object uses.
//   map_other: PROGRAM=store_other // The map, in another object.
//   map_weak: LINKAGE=__weak ENTRIES=8 STORED=12 PROGRAM=store_weak // The map, weak.
//   map_weak_other: LINKAGE=__weak ENTRIES=8 STORED=13 PROGRAM=store_other
//       // The map, weak, in another object.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, ENTRIES);
} shared LINKAGE SEC(".maps");

SEC("xdp")
int PROGRAM(void *ctx)
{
	__u32 key = 0;
	__u64 value = STORED;

	bpf_map_update_elem(&shared, &key, &value, BPF_ANY);
	return XDP_PASS;
}

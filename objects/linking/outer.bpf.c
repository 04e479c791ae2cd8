// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map of maps that another object uses, and a program that says whether its first slot is empty.
//
// variants:
//   outer: LINKAGE= PLACE=SEC(".maps") ENTRIES=2 PROGRAM=own
//       // A map of maps that another object uses.
//   outer_user: LINKAGE=extern PLACE=EXTERN_SEC(".maps") PROGRAM=read
//       // A program that uses a map of maps of another object.
//   outer_user_inner: LINKAGE=extern PLACE=EXTERN_SEC(".maps") ENTRIES=3 PROGRAM=read
//       // The program, which declares larger maps in the slots.
#include "bpf.h"

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, ENTRIES);
};

LINKAGE struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__type(key, __u32);
	__uint(max_entries, 4);
	__array(values, struct inner);
} shared PLACE;

SEC("xdp")
int PROGRAM(void *ctx)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&shared, &key) ? 1 : 2;
}

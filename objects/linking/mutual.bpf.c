// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map and a variable that another object uses, which has a map and a variable for this one.
//
// variants:
//   mutual_first: MINE=first OTHERS=second MINE_DATA=first_data OTHERS_DATA=second_data
//       STORED=31 PROGRAM=use_first
//       // A map and a variable that another object uses, which has some for this one.
//   mutual_second: MINE=second OTHERS=first MINE_DATA=second_data OTHERS_DATA=first_data
//       STORED=47 PROGRAM=use_second
//       // A map and a variable that another object uses, which has some for this one: the other.
#include "bpf.h"

#define MAP(name, place) \
	struct { \
		__uint(type, BPF_MAP_TYPE_ARRAY); \
		__type(key, __u32); \
		__type(value, __u64); \
		__uint(max_entries, 2); \
	} name place

extern MAP(OTHERS, EXTERN_SEC(".maps"));
MAP(MINE, SEC(".maps"));

extern volatile int OTHERS_DATA;
volatile int MINE_DATA = STORED;

SEC("xdp")
int PROGRAM(void *ctx)
{
	__u32 key = 1;
	__u64 value = STORED;

	bpf_map_update_elem(&MINE, &key, &value, BPF_ANY);
	bpf_map_update_elem(&OTHERS, &key, &value, BPF_ANY);
	return OTHERS_DATA;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Variables of an arena, and a program that gives them and counts in one.
//
// variants:
//   arena_variables: ARENAS=1 PAGES=10 MORE=1 // Variables of an arena of ten pages.
//   arena_none: ARENAS=0 // Variables of an arena that is defined nowhere.
//   arena_two: ARENAS=2 // Variables of one of two arenas.
//   arena_small: PAGES=1 MORE=65536 // Variables that are more than their arena holds.
#include "asked.h"

#define BPF_MAP_TYPE_ARENA 33
#define __arena __attribute__((address_space(1)))

#define DEFINE(name) \
	struct { \
		__uint(type, BPF_MAP_TYPE_ARENA); \
		__uint(max_entries, PAGES); \
		__uint(map_flags, BPF_F_MMAPABLE); \
	} name SEC(".maps")

#if ARENAS > 0
DEFINE(arena);
#endif
#if ARENAS > 1
DEFINE(other);
#endif

volatile __u32 __arena initialised = 42;
volatile __u32 __arena zero;
volatile __u8 __arena more[MORE];

SEC("xdp")
int use(struct xdp_md *ctx)
{
	__u8 what = asked(ctx);

#if ARENAS > 0
	asm volatile("" : : "r"(&arena));
#endif
	switch (what) {
	case 0:
		return initialised;
	case 1:
		return zero + more[0] + 1;
	case 2:
		zero += 3;
		return zero;
	}
	return XDP_PASS;
}

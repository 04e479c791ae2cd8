// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Variables that other objects could name and variables that they could not, of sizes between which
// there are holes.
#include "asked.h"

#define HIDDEN __attribute__((visibility("hidden")))

volatile __u8 first = 1;
static volatile __u64 static_number = 2;
HIDDEN volatile __u32 hidden_number = 3;
__weak volatile __u16 weak_number = 4;
volatile struct {
	__u8 small;
	__u64 large;
	__u16 last;
} mixed = {5, 6, 7};

static volatile __u32 only_static SEC(".data.private") = 8;
HIDDEN volatile __u32 only_hidden SEC(".data.hidden") = 9;

SEC("xdp")
int use(struct xdp_md *ctx)
{
	static volatile __u32 of_function = 10;

	switch (asked(ctx)) {
	case 0:
		return first;
	case 1:
		return static_number;
	case 2:
		return hidden_number;
	case 3:
		return weak_number;
	case 4:
		return mixed.small * 10000 + mixed.large * 100 + mixed.last;
	case 5:
		return only_static;
	case 6:
		return only_hidden;
	case 7:
		return of_function;
	}
	return XDP_PASS;
}

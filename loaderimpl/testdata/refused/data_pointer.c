// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Global data with a pointer in it, which the program reads.
#include "../bpf.h"

int target = 5;
int *volatile pointer SEC(".data.pointers") = &target;

SEC("xdp") int use(void *ctx)
{
	return pointer != 0;
}

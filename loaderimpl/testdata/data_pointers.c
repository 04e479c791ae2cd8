// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Global data with pointers in it, which no program reads, beside data that one does.
#include "bpf.h"

int target = 5;
int *pointer SEC(".data.pointers") = &target;
volatile int number SEC(".data.pointers") = 6;
int *second SEC(".data.pointers") = &target;

SEC("xdp") int use(void *ctx)
{
	return number;
}

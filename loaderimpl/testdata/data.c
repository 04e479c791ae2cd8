// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Global data of every kind, and a program that moves it: it returns what it read of the read-only data.
#include "bpf.h"

int counted;
int from = 7;
const volatile int limit = 40;
const volatile int plus SEC(".rodata.more") = 2;
static volatile int hidden SEC(".data.hidden") = 5;
__attribute__((visibility("hidden"))) int veiled SEC(".data.veiled") = 6;
__u64 big[4] SEC(".bss.big");

SEC("xdp") int use(void *ctx)
{
	counted = limit;
	big[3] = from;
	hidden += 1;
	veiled += 1;
	return limit + plus;
}

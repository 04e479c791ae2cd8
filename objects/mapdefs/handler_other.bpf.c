// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that its handler does not load, and another.
//
// variants:
//   handler_refuse: SECTION="vendor/refuse" PROGRAM=refused
//       // A program that its handler refuses, and another.
//   handler_skip: SECTION="vendor/skip" PROGRAM=skipped
//       // A program that its handler does not want loaded, and another.
#include "vendor.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} vendor_calls SEC(".maps");

SEC(SECTION)
int PROGRAM(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&vendor_calls));
	return 61;
}

SEC("vendor/one")
int handled(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&vendor_calls));
	return 62;
}

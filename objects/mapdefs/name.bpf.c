// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map with a name that not every loader and kernel takes.
//
// variants:
//   name_one: NAME=x // A map with a name of one letter.
//   name_fifteen: NAME=exactly_fifteen // A map whose name is as long as the kernel takes.
//   name_sixteen: NAME=exactly_sixteen_
//       // A map whose name is one letter longer than the kernel takes.
//   name_long: NAME=a_name_that_no_kernel_will_hold_in_full_x // A map with a name of 40 letters.
//   name_dollar: NAME=cash$map // A map with a name that C takes and the kernel does not.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} NAME SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&NAME));
	return XDP_PASS;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Data that holds pointers, which nothing can fill in, and a program that reads a number.
//
// variants:
//   pointer_apart: IN=SEC(".data.pointers") READ=number ADDRESS=&number
//       // Pointers in a section of their own, and a program that reads a number in another.
//   pointer_beside: IN= READ=number
//       // Pointers in one section with the number that a program reads.
//   pointer_read: IN= READ=(pointer!=0)*number
//       // A program that reads a pointer in data, which is not null in the source.
//   pointer_none: IN= READ=number ADDRESS=0
//       // The same data without a pointer in it.
#include "bpf.h"

volatile __u32 number = 6;
volatile __u32 *volatile pointer IN = ADDRESS;

SEC("xdp")
int use(struct xdp_md *ctx)
{
	return READ;
}

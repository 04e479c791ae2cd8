// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that the verifier follows through a loop before it gets to what counts. It logs the
// source line of each instruction, and the lines are long.
//
// variants:
//   long_log: RETURNS=a // A program whose verification makes more than 16 MiB of log.
//   long_log_refused: RETURNS=*(volatile __u64*)a
//       // A program whose last instruction is refused, after more than 16 MiB of log.
#include "bpf.h"

SEC("xdp")
int follow(struct xdp_md *ctx)
{
	__u64 a = 1;

	for (__u32 i = 0; i < 10000; i++) {
#include "long_line.h"
	}
	return RETURNS;
}

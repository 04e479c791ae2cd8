// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that the verifier follows for 300,000 instructions before it gets to what counts. It
// logs the source line of each of them, 17 MiB and more, so the lines are as long as they may be.
//
// variants:
//   long_log: RETURNS=a // A program whose verification makes more than 16 MiB of log.
//   long_log_refused: RETURNS=*(volatile __u64*)a
//       // A program whose last instruction is refused, after more than 16 MiB of log.
#include "bpf.h"

/* Each statement is an instruction on a line of its own. */
SEC("xdp")
int follow(struct xdp_md *ctx)
{
	__u64 a = 1;

	for (__u32 i = 0; i < 50000; i++) {
		asm volatile("%0 ^= 3" : "+r"(a)); /* ........................................... */
		asm volatile("%0 += 5" : "+r"(a)); /* ........................................... */
		asm volatile("%0 ^= 7" : "+r"(a)); /* ........................................... */
		asm volatile("%0 += 9" : "+r"(a)); /* ........................................... */
	}
	return RETURNS;
}

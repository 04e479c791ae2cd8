// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A congestion control, and a program that is no proper function of it.
//
// variants:
//   program: INIT=start EXTRA=START(start, 4004) // A congestion control, and no program beside it.
//   program_bare: INIT=bare
//       EXTRA=SEC("struct_ops") int bare(__u64 *ctx) { return 0; }
//       // The congestion control with a program in a section that names no member.
//   program_misnamed: INIT=misnamed EXTRA=FUNCTION(release, misnamed) { return 0; }
//       // The congestion control with a program for init in a section that names another member.
//   program_spare: EXTRA=START(start, 4004) FUNCTION(release, spare) { return 0; }
//       // The congestion control, and a program that is in no structure.
//   program_two_members: INIT=threshold EXTRA=
//       // The congestion control with one program for two members.
//   program_xdp: INIT=pass EXTRA=SEC("xdp") int pass(struct xdp_md *ctx) { return XDP_PASS; }
//       // The congestion control with a program of type xdp for init.
//   program_bad: INIT=bad EXTRA=FUNCTION(init, bad) { return *(int *)8; }
//       // The congestion control with a program for init that the verifier refuses.
#include "struct_ops.h"

struct tcp_congestion_ops {
	TCP_MEMBERS;
};

THRESHOLD(threshold)
UNDO(undo)
AVOID(avoid)

EXTRA

SEC(LINKED)
struct tcp_congestion_ops ca = {
	.init = (void *)INIT,
	.ssthresh = (void *)threshold,
	.cong_avoid = (void *)avoid,
	.undo_cwnd = (void *)undo,
	.name = "ls_tcp_program",
};

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A congestion control, in the section in which another object has one.
//
// variants:
//   structure: NAME=first SUFFIX=_first MARK=1001 // A congestion control.
//   structure_other: NAME=second SUFFIX=_second MARK=1002 // Another congestion control.
//   structure_same: NAME=first SUFFIX=_second MARK=1002
//       // Another congestion control, in a variable of the first one's name.
#include "bpf.h"

#define PASTE(a, b) a##b
#define NAMED(a, b) PASTE(a, b)
#define TEXT(a) #a
#define QUOTED(a) TEXT(a)

struct tcp_congestion_ops {
	__u32 (*ssthresh)(void *sk);
	void (*cong_avoid)(void *sk, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(void *sk);
	char name[16];
};

SEC("struct_ops/ssthresh")
int NAMED(ss, SUFFIX)(__u64 *ctx)
{
	return MARK;
}

SEC("struct_ops/cong_avoid")
int NAMED(avoid, SUFFIX)(__u64 *ctx)
{
	return 0;
}

SEC("struct_ops/undo_cwnd")
int NAMED(undo, SUFFIX)(__u64 *ctx)
{
	return MARK + 10;
}

SEC(".struct_ops.link")
struct tcp_congestion_ops NAME = {
	.ssthresh = (void *)NAMED(ss, SUFFIX),
	.cong_avoid = (void *)NAMED(avoid, SUFFIX),
	.undo_cwnd = (void *)NAMED(undo, SUFFIX),
	.name = QUOTED(NAMED(ls, SUFFIX)),
};

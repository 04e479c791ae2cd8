// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A congestion control that does nothing. The members that are named here are looked for in the kernel's struct; each takes a program of its own.
#include "bpf.h"

struct sock;
struct rate_sample;

struct tcp_congestion_ops {
	__u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(struct sock *sk);
	char name[16];
};

SEC("struct_ops")
__u64 ssthresh(__u64 *ctx)
{
	return 2;
}

SEC("struct_ops")
__u64 cong_avoid(__u64 *ctx)
{
	return 0;
}

SEC("struct_ops")
__u64 undo_cwnd(__u64 *ctx)
{
	return 2;
}

SEC(".struct_ops")
struct tcp_congestion_ops idle = {
	.ssthresh = (void *)ssthresh, .cong_avoid = (void *)cong_avoid, .undo_cwnd = (void *)undo_cwnd, .name = "loadstone_idle",
};

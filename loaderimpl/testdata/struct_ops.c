// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Structures that the kernel calls: congestion controls of TCP, as few members as the kernel takes, and in another order than its own.
#include "bpf.h"

struct sock;

struct tcp_congestion_ops {
	char name[16];
	__u32 (*undo_cwnd)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	__u32 (*ssthresh)(struct sock *sk);
	void (*init)(struct sock *sk);
	__u32 key;
};

/* More than the kernel has, and a size that is another. */
struct tcp_congestion_ops___newer {
	__u32 (*ssthresh)(struct sock *sk);
	__u32 (*undo_cwnd)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	void (*of_the_future)(struct sock *sk);
	__u64 number_of_the_future;
	char name[16];
};

struct tcp_congestion_ops___wide {
	__u64 flags;
	char name[16];
};

struct no_such_ops {
	int (*call)(void);
};

SEC("struct_ops")
__u64 ssthresh(__u64 *ctx)
{
	return 2;
}

SEC("struct_ops/cong_avoid")
__u64 cong_avoid(__u64 *ctx)
{
	return 0;
}

SEC("struct_ops")
__u64 undo_cwnd(__u64 *ctx)
{
	return 2;
}

SEC("struct_ops")
__u64 for_others(__u64 *ctx)
{
	return 0;
}

SEC("?struct_ops")
__u64 in_none(__u64 *ctx)
{
	return 0;
}

SEC(".struct_ops")
struct tcp_congestion_ops plain = {
	.ssthresh = (void *)ssthresh, .cong_avoid = (void *)cong_avoid, .undo_cwnd = (void *)undo_cwnd, .name = "loadstone_test",
};

SEC(".struct_ops.link")
struct tcp_congestion_ops linked = {
	.ssthresh = (void *)ssthresh, .cong_avoid = (void *)cong_avoid, .undo_cwnd = (void *)undo_cwnd, .name = "loadstone_test",
};

SEC(".struct_ops.link")
struct tcp_congestion_ops___newer newer = {
	.ssthresh = (void *)ssthresh, .cong_avoid = (void *)cong_avoid, .undo_cwnd = (void *)undo_cwnd, .name = "loadstone_newer",
};

SEC("?.struct_ops")
struct tcp_congestion_ops___wide wide = { .flags = 0, .name = "loadstone_wide" };

SEC("?.struct_ops.link")
struct no_such_ops unknown = { .call = (void *)for_others };

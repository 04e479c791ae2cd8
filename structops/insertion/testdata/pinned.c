// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A congestion control that counts in a map which asks to be pinned by name. Built by build.sh.
#include "../../loaderimpl/testdata/bpf.h"

struct sock;

struct tcp_congestion_ops {
	char name[16];
	__u32 (*undo_cwnd)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	__u32 (*ssthresh)(struct sock *sk);
};

struct {
	__uint(type, MAP_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
	__uint(pinning, PIN_BY_NAME);
} ls_pin_count SEC(".maps");

SEC("struct_ops")
__u64 ssthresh(__u64 *ctx)
{
	return 2;
}

SEC("struct_ops")
__u64 cong_avoid(__u64 *ctx)
{
	__u32 zero = 0;
	__u64 *count = map_lookup_elem(&ls_pin_count, &zero);

	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

SEC("struct_ops")
__u64 undo_cwnd(__u64 *ctx)
{
	return 2;
}

SEC(".struct_ops")
struct tcp_congestion_ops ls_pin = {
	.ssthresh = (void *)ssthresh, .cong_avoid = (void *)cong_avoid, .undo_cwnd = (void *)undo_cwnd, .name = "ls_insert_pin",
};


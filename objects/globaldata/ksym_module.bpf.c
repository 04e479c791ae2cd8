// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A congestion control whose function calls one of module tcp_dctcp, which the kernel lets
// congestion controls call.
#include "extern.h"

struct sock {
	int unused;
};

struct tcp_congestion_ops {
	__u32 (*ssthresh)(struct sock *sk);
	char name[16];
};

extern __u32 dctcp_ssthresh(struct sock *sk) __ksym;

SEC("struct_ops/ssthresh")
int ssthresh(__u64 *ctx)
{
	return dctcp_ssthresh((struct sock *)ctx[0]);
}

SEC(".struct_ops")
struct tcp_congestion_ops loadstone = {
	.ssthresh = (void *)ssthresh,
	.name = "loadstone_ksym",
};

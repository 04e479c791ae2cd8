// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A program that the handler of its section refuses. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("vendor/refuse")
int refused(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";

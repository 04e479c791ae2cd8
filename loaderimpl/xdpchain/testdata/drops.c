/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A program for a static chain that ends it, beside another that is none of its. */
typedef unsigned int __u32;

#define SEC(name) __attribute__((section(name), used))

struct xdp_md {
	__u32 data;
	__u32 data_end;
	__u32 data_meta;
};

const volatile __u32 verdict = 1; /* XDP_DROP */

SEC("tc") int beside(void *skb)
{
	return 0;
}

SEC("xdp") int drops(struct xdp_md *ctx)
{
	return verdict;
}

char LICENSE[] SEC("license") = "GPL";

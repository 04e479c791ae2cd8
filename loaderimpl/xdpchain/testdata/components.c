/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs for a chain, with all that a run configuration can say and some that it cannot. */
typedef unsigned int __u32;

#define SEC(name) __attribute__((section(name), used))
#define RUN_CONFIG(program) _##program SEC(".xdp_run_config")
#define __uint(name, number) int(*name)[number]

enum { XDP_ABORTED, XDP_DROP, XDP_PASS, XDP_TX, XDP_REDIRECT };

struct xdp_md {
	__u32 data;
	__u32 data_end;
};

struct {
	__uint(priority, 7);
	__uint(XDP_DROP, 1);
} RUN_CONFIG(early);

struct {
	__uint(priority, 1000);
	__uint(XDP_PASS, 0);
	__uint(XDP_TX, 1);
	__uint(XDP_REDIRECT, 1);
} RUN_CONFIG(late);

struct {
	__uint(XDP_ABORTED, 1);
} RUN_CONFIG(a_name_longer_than_the_kernel_keeps);

struct {
	__uint(XDP_QUEUE, 1);
} RUN_CONFIG(unknown);

struct {
	int priority;
} RUN_CONFIG(plain_number);

SEC("xdp") int early(struct xdp_md *ctx) { return XDP_PASS; }
SEC("xdp") int late(struct xdp_md *ctx) { return XDP_DROP; }
SEC("xdp.frags") int a_name_longer_than_the_kernel_keeps(struct xdp_md *ctx) { return XDP_PASS; }
SEC("xdp") int unknown(struct xdp_md *ctx) { return XDP_PASS; }
SEC("xdp") int plain_number(struct xdp_md *ctx) { return XDP_PASS; }
SEC("xdp") int silent(struct xdp_md *ctx) { return XDP_PASS; }
SEC("xdp/devmap") int of_a_devmap(struct xdp_md *ctx) { return XDP_PASS; }

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that asks a function of module nf_conntrack for a connection of a protocol that it does
// not know, and returns the error that the function stores. The function takes only what the kernel
// knows by name or by size: a struct sock of vmlinux would be another type than the module's where
// the BTF of the module has a copy of it, as in Debian's 6.18.15.
#include "extern.h"

struct bpf_sock_tuple {
	__u32 addresses[2];
	__u16 ports[2];
};

struct bpf_ct_opts {
	__s32 netns_id;
	__s32 error;
	__u8 l4proto;
	__u8 dir;
	__u8 reserved[2];
};

struct nf_conn {
	int unused;
};

extern struct nf_conn *bpf_xdp_ct_lookup(struct xdp_md *ctx, struct bpf_sock_tuple *tuple,
					 __u32 tuple_size, struct bpf_ct_opts *options,
					 __u32 options_size) __ksym;
extern void bpf_ct_release(struct nf_conn *connection) __ksym;

SEC("xdp")
int lookup(struct xdp_md *ctx)
{
	struct bpf_ct_opts options = {.netns_id = -1, .l4proto = 1};
	struct bpf_sock_tuple tuple = {};
	struct nf_conn *connection;

	connection = bpf_xdp_ct_lookup(ctx, &tuple, sizeof(tuple), &options, sizeof(options));
	if (connection) {
		bpf_ct_release(connection);
		return 0;
	}
	return -options.error;
}

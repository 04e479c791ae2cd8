/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The dispatcher of a static chain: it is linked with the programs, which are functions then, and
 * calls them one after the other. The functions here give way to the programs when they are linked:
 * their names, which are as long as a name may be, are overwritten with the programs' before.
 */
typedef unsigned char __u8;
typedef unsigned int __u32;

#define SEC(name) __attribute__((section(name), used))
#define SLOT __attribute__((weak, noinline))

#define SLOTS 10
#define NAME 64

enum { XDP_ABORTED, XDP_DROP, XDP_PASS };

struct xdp_md {
	__u32 data;
	__u32 data_end;
	__u32 data_meta;
	__u32 ingress_ifindex;
	__u32 rx_queue_index;
	__u32 egress_ifindex;
};

/* It begins with what a dispatcher of libxdp has, so that it is read alike. */
struct xdp_static_config {
	__u8 magic;
	__u8 dispatcher_version;
	__u8 num_progs_enabled;
	__u8 is_xdp_frags;
	__u32 chain_call_actions[SLOTS];
	__u32 run_prios[SLOTS];
	__u32 program_flags[SLOTS];
	__u32 is_xdp_devbound;
	char names[SLOTS][NAME]; /* of the programs, with zeros after them */
};

const volatile struct xdp_static_config xdp_chain_conf SEC(".rodata.xdp_chain") = {};

#define FILL ____________________________________________
#define JOIN(a, b, c) a##b##c
#define NAMED(n, fill) JOIN(xdp_chain_slot_, n, fill)
#define FUNCTION(n) NAMED(n, FILL)

/* What they do with the packet does not count: none is called. */
#define EMPTY(n)                                         \
	SLOT int FUNCTION(n)(struct xdp_md *ctx)             \
	{                                                    \
		volatile int verdict = XDP_ABORTED;              \
		return ctx ? verdict : XDP_ABORTED;              \
	}

EMPTY(0)
EMPTY(1)
EMPTY(2)
EMPTY(3)
EMPTY(4)
EMPTY(5)
EMPTY(6)
EMPTY(7)
EMPTY(8)
EMPTY(9)

/* What the compiler is not told here is what it is not told in dispatcher.c. */
#define RUN(n)                                                      \
	if (in_use <= n)                                                \
		goto out;                                                   \
	verdict = FUNCTION(n)(ctx);                                     \
	if (!(config->chain_call_actions[n] & 1U << verdict))           \
		return verdict;

SEC("xdp") int xdp_chain(struct xdp_md *ctx)
{
	const volatile struct xdp_static_config *config = &xdp_chain_conf;
	__u8 in_use = xdp_chain_conf.num_progs_enabled;
	int verdict, passes;

	asm volatile("" : "+r"(config));
	RUN(0)
	RUN(1)
	RUN(2)
	RUN(3)
	RUN(4)
	RUN(5)
	RUN(6)
	RUN(7)
	RUN(8)
	RUN(9)
out:
	asm volatile("%0 = %1" : "=r"(passes) : "i"(XDP_PASS));
	return passes;
}

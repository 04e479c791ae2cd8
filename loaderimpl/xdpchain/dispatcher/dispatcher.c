/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The dispatcher of a chain: it calls the programs of an interface one after the other. Each of
 * them stands, as an extension, in the place of one of the functions prog0 to prog9. The names, the
 * layout of conf and the numbers are libxdp's, so that libxdp and xdp-loader read chains of it.
 *
 * VERSION is 2 (libxdp up to 1.5) or 3 (from 1.6).
 */
typedef unsigned char __u8;
typedef unsigned int __u32;

#define SEC(name) __attribute__((section(name), used))
#define NOINLINE __attribute__((noinline))

#define SLOTS 10
#define NEXT 31 /* what an empty slot returns; its bit is in every mask of actions */

enum { XDP_ABORTED, XDP_DROP, XDP_PASS };

/* The verifier tells a context from another pointer by this name, of a whole struct. */
struct xdp_md {
	__u32 data;
	__u32 data_end;
	__u32 data_meta;
	__u32 ingress_ifindex;
	__u32 rx_queue_index;
	__u32 egress_ifindex;
};

static long (*const bpf_xdp_adjust_tail)(struct xdp_md *ctx, int delta) = (void *)65;

struct xdp_dispatcher_config {
	__u8 magic; /* 236: the letters XDP, added up */
	__u8 dispatcher_version;
	__u8 num_progs_enabled;
	__u8 is_xdp_frags;
	__u32 chain_call_actions[SLOTS]; /* a bit for each verdict after which the next one is called */
	__u32 run_prios[SLOTS];
	__u32 program_flags[SLOTS]; /* of BPF_PROG_LOAD, as a program would have them by itself */
#if VERSION >= 3
	__u8 is_xdp_devbound;
#endif
};

/*
 * The loader fills it before the load. It is constant for the verifier, which takes out the slots
 * that are not in use, and volatile for the compiler.
 */
static const volatile struct xdp_dispatcher_config conf = {};

/*
 * A slot. The kernel takes an extension that may change the packet only where the function that it
 * stands for may; so the function calls a helper that might, and does nothing by it. What it
 * returns is hidden from the compiler, which would leave the call out else.
 */
#define SLOT(n)                                          \
	NOINLINE int prog##n(struct xdp_md *ctx)             \
	{                                                    \
		volatile int verdict = NEXT;                     \
		if (!ctx)                                        \
			return XDP_ABORTED;                          \
		bpf_xdp_adjust_tail(ctx, 0);                     \
		return verdict;                                  \
	}

SLOT(0)
SLOT(1)
SLOT(2)
SLOT(3)
SLOT(4)
SLOT(5)
SLOT(6)
SLOT(7)
SLOT(8)
SLOT(9)

/* Libxdp tries on it whether the kernel takes extensions. */
NOINLINE int compat_test(struct xdp_md *ctx)
{
	volatile int verdict = NEXT;

	return ctx ? verdict : XDP_ABORTED;
}

/*
 * Each packet pays for what is here, and what the verifier can take out costs nothing. So the
 * compiler is not told what config is, whose address it would load for each program anew, nor what
 * passes is, which it would set before each.
 */
#define RUN(n)                                                      \
	if (in_use <= n)                                                \
		goto out;                                                   \
	verdict = prog##n(ctx);                                         \
	if (!(config->chain_call_actions[n] & 1U << verdict))           \
		return verdict;

SEC("xdp") int xdp_dispatcher(struct xdp_md *ctx)
{
	const volatile struct xdp_dispatcher_config *config = &conf;
	__u8 in_use = conf.num_progs_enabled;
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
	if (in_use > SLOTS) /* never: it keeps compat_test in the program */
		compat_test(ctx);
out:
	asm volatile("%0 = %1" : "=r"(passes) : "i"(XDP_PASS));
	return passes;
}

/* It is what libxdp reads the version of a dispatcher from whose conf does not say it. */
int (*dispatcher_version)[VERSION] SEC("xdp_metadata");

const char LICENSE[] SEC("license") = "GPL";

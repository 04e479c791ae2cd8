/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the objects of struct_ops have in common: the functions of a congestion control for TCP, and
 * the members of the kernel's structure that most of them set. The structure is that of objects:
 * loaders find each member of the kernel's own (include/net/tcp.h) by its name.
 *
 * The congestion control has as much of a window as it is given. Who uses it is seen by its mark,
 * which a new connection has as its slow start threshold: struct tcp_info tells it as
 * tcpi_snd_ssthresh.
 */
#pragma once

#include "bpf.h"

#define LINKED ".struct_ops.link"
#define UNLINKED ".struct_ops"

#define TCP_CA_NAME_MAX 16

struct tcp_sock {
	__u32 snd_ssthresh;
	__u32 snd_cwnd;
} __attribute__((preserve_access_index));

/* A function of a structure gets its arguments as numbers of 64 bits. */
#define FUNCTION(member, name) \
	SEC("struct_ops/" #member) \
	int name(__u64 *ctx)

#define START(name, mark) \
	FUNCTION(init, name) \
	{ \
		struct tcp_sock *tcp = (struct tcp_sock *)ctx[0]; \
\
		tcp->snd_ssthresh = (mark); \
		return 0; \
	}

#define THRESHOLD(name) \
	FUNCTION(ssthresh, name) \
	{ \
		return 2; \
	}

#define UNDO(name) \
	FUNCTION(undo_cwnd, name) \
	{ \
		return 10; \
	}

#define AVOID(name) \
	FUNCTION(cong_avoid, name) \
	{ \
		return 0; \
	}

/* The members that most objects know. */
#define TCP_MEMBERS \
	void (*init)(void *sk); \
	__u32 (*ssthresh)(void *sk); \
	void (*cong_avoid)(void *sk, __u32 ack, __u32 acked); \
	__u32 (*undo_cwnd)(void *sk); \
	char name[TCP_CA_NAME_MAX]

/* Their values, with functions of those names. */
#define TCP_VALUES(title) \
	.init = (void *)start, .ssthresh = (void *)threshold, .cong_avoid = (void *)avoid, \
	.undo_cwnd = (void *)undo, .name = title

/* The functions that TCP_VALUES names. */
#define TCP_FUNCTIONS(mark) \
	START(start, mark) \
	THRESHOLD(threshold) \
	UNDO(undo) \
	AVOID(avoid)

#define TCP_CONG_NEEDS_ECN 2

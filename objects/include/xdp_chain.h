/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Components of a chain of XDP programs. Each looks at frames of the suite's own alone, which say
 * what it is to answer, and leaves its mark there, so that a frame that is received tells which
 * programs have seen it, in their order. See suites/xdpchain/frame.go.
 */
#pragma once

#include "bpf.h"


#undef XDP_PASS /* members of run configurations have such names */

enum { XDP_ABORTED, XDP_DROP, XDP_PASS, XDP_TX, XDP_REDIRECT };

static long (*const bpf_redirect)(__u32 ifindex, __u64 flags) = (void *)23;

#define FRAME_LEN 80
#define FRAME_MARKS 14	  /* one byte each, the last first */
#define FRAME_VERDICTS 32 /* of programs 'a' to 'z' */
#define MOST_MARKS 16

/* How many frames of the suite each program has seen, 'a' to 'z'. */
struct seen {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 26);
	__type(key, __u32);
	__type(value, __u64);
};

static inline __attribute__((always_inline)) int answer(struct xdp_md *ctx, void *seen, char letter)
{
	__u8 *data = (__u8 *)(long)ctx->data, *end = (__u8 *)(long)ctx->data_end;
	__u32 index = letter - 'a';
	__u64 *n;

	if (data + FRAME_LEN > end || data[12] != 0x88 || data[13] != 0xb5)
		return XDP_PASS;
	n = bpf_map_lookup_elem(seen, &index);
	if (n)
		__sync_fetch_and_add(n, 1);
	/* At fixed offsets, which every verifier follows. */
#pragma unroll
	for (int i = FRAME_MARKS + MOST_MARKS - 1; i > FRAME_MARKS; i--)
		data[i] = data[i - 1];
	data[FRAME_MARKS] = letter;
	if (data[FRAME_VERDICTS + letter - 'a'] == XDP_REDIRECT)
		return bpf_redirect(ctx->ingress_ifindex, 0);
	return data[FRAME_VERDICTS + letter - 'a'];
}

/* The run configuration of a program, as libxdp reads it: numbers, and actions that continue. */
#define XDP_RUN_CONFIG(program) _##program SEC(".xdp_run_config")

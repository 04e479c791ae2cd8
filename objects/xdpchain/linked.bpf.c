// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program of an object that others are linked with: no name of it is one of theirs.
//
// variants:
//   linked_a: LETTER=a KIND="xdp" CONFIG= DO= AFTER= // An XDP program, a.
//   linked_b: LETTER=b KIND="xdp" CONFIG= DO= AFTER= // An XDP program, b.
//   linked_c: LETTER=c KIND="xdp" CONFIG= DO= AFTER= // An XDP program, c.
//   linked_d: LETTER=d KIND="xdp" CONFIG= DO= AFTER= // An XDP program, d.
//   linked_e: LETTER=e KIND="xdp" CONFIG= DO= AFTER= // An XDP program, e.
//   linked_f: LETTER=f KIND="xdp" CONFIG= DO= AFTER= // An XDP program, f.
//   linked_g: LETTER=g KIND="xdp" CONFIG= DO= AFTER= // An XDP program, g.
//   linked_h: LETTER=h KIND="xdp" CONFIG= DO= AFTER= // An XDP program, h.
//   linked_i: LETTER=i KIND="xdp" CONFIG= DO= AFTER= // An XDP program, i.
//   linked_j: LETTER=j KIND="xdp" CONFIG= DO= AFTER= // An XDP program, j.
//   linked_k: LETTER=k KIND="xdp" CONFIG= DO= AFTER= // An XDP program, k.
//   linked_configured: LETTER=b KIND="xdp" CONFIG=RUN(__uint(priority, 10); __uint(XDP_DROP, 1);)
//       DO= AFTER=
//       // An XDP program, b, of priority 10, after which the next runs if it drops, too.
//   linked_frags_a: LETTER=a KIND="xdp.frags" CONFIG= DO= AFTER=
//       // An XDP program, a, for packets in several buffers.
//   linked_frags_b: LETTER=b KIND="xdp.frags" CONFIG= DO= AFTER=
//       // An XDP program, b, for packets in several buffers.
//   linked_small_stack: LETTER=b KIND="xdp" CONFIG= DO=FILL(256) AFTER=
//       // An XDP program, b, that takes half of the stack that programs have.
//   linked_deep: LETTER=b KIND="xdp" CONFIG=DEEP
//       DO=if (deep1(ctx) == 99) return XDP_DROP; AFTER=
//       // An XDP program, b, whose calls are as deep as the verifier allows: eight frames.
//   linked_tail: LETTER=b KIND="xdp" CONFIG=ARRAY
//       DO= AFTER=bpf_tail_call(ctx, &next, 0);
//       // An XDP program, b, that calls the program in an array, if there is one.
//   linked_same_map: LETTER=b KIND="xdp" CONFIG=struct seen seen_a SEC(".maps");
//       DO= AFTER=
//       // An XDP program, b, beside a map of the name that another object's has.
//   linked_two: LETTER=b KIND="xdp" CONFIG=SECOND DO= AFTER=
//       // An XDP program, b, beside another program.
#include "xdp_chain.h"

#define PASTE(a, b) a##b
#define NAMED(a, b) PASTE(a, b)
#define TEXT(a) #a
#define LETTER_OF(name) TEXT(name)[0]

#define SEEN NAMED(seen_, LETTER)

#define RUN(members) \
	struct { \
		members \
	} XDP_RUN_CONFIG(b);

#define ARRAY \
	struct { \
		__uint(type, BPF_MAP_TYPE_PROG_ARRAY); \
		__uint(max_entries, 1); \
		__uint(key_size, 4); \
		__uint(value_size, 4); \
	} next SEC(".maps");

#define SECOND \
	SEC("xdp") \
	int beside(struct xdp_md *ctx) \
	{ \
		return XDP_DROP; \
	}

/* What is written there is of no use, but the compiler does not know. */
#define FILL(bytes) \
	volatile __u64 room[bytes / 8]; \
	for (int i = 0; i < bytes / 8; i++) \
		room[i] = 0;

/* Seven functions, the first of which calls the second, and so on. */
#define DEEPER(n, inner) \
	static __noinline int deep##n(struct xdp_md *ctx) \
	{ \
		volatile int more = inner; \
		return more; \
	}
#define DEEP \
	DEEPER(7, ctx->rx_queue_index) \
	DEEPER(6, deep7(ctx)) \
	DEEPER(5, deep6(ctx)) \
	DEEPER(4, deep5(ctx)) \
	DEEPER(3, deep4(ctx)) \
	DEEPER(2, deep3(ctx)) \
	DEEPER(1, deep2(ctx))

struct seen SEEN SEC(".maps");

CONFIG

SEC(KIND)
int LETTER(struct xdp_md *ctx)
{
	int verdict;

	DO
	verdict = answer(ctx, &SEEN, LETTER_OF(LETTER));
	AFTER
	return verdict;
}

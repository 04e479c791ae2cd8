// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Twelve XDP programs, a to l, without a word of how they are to run in a chain.
//
// variants:
//   many: SECTION="xdp" // Twelve XDP programs, a to l, that say nothing of a chain.
//   many_frags: SECTION="xdp.frags" // The twelve programs, for packets in several buffers.
#include "xdp_chain.h"

struct seen seen SEC(".maps");

#define COMPONENT(letter) \
	SEC(SECTION) \
	int letter(struct xdp_md *ctx) \
	{ \
		return answer(ctx, &seen, #letter[0]); \
	}

COMPONENT(a)
COMPONENT(b)
COMPONENT(c)
COMPONENT(d)
COMPONENT(e)
COMPONENT(f)
COMPONENT(g)
COMPONENT(h)
COMPONENT(i)
COMPONENT(j)
COMPONENT(k)
COMPONENT(l)

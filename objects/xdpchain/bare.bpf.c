// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that passes all, without a map.
//
// variants:
//   bare: KIND="xdp" // An XDP program, a, that passes all.
//   bare_socket: KIND="socket" // A program, a, for a socket.
#include "xdp_chain.h"

SEC(KIND)
int a(struct xdp_md *ctx)
{
	return XDP_PASS;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A ring buffer of 64 KiB, a whole number of pages whether a page has 4, 16 or 64 KiB.
#include "four_ways.h"

SIZELESS_MAP(m, BPF_MAP_TYPE_RINGBUF, 65536);

SEC("xdp")
int use(struct xdp_md *ctx)
{
	__u64 event = DOES;

	bpf_ringbuf_output(&m, &event, sizeof(event), 0);
	return bpf_ringbuf_query(&m, BPF_RB_AVAIL_DATA) ? DOES : DOES_NOT;
}

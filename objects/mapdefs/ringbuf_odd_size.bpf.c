// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A ring buffer of 5000 bytes, which no kernel takes: it wants a power of two of whole pages.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 5000);
} m SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}

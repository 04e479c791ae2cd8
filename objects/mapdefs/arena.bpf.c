// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An arena of one page that user space is to have at an address of more than 32 bits, which is what
// map_extra of an arena says.
#include "bpf.h"

#define BPF_MAP_TYPE_ARENA 33

/* A number of up to 64 bits: the value of an enum. */
#define __ulong(name, number) \
	enum { \
		name##_is = number \
	} name

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__ulong(map_extra, 1ULL << 44);
} m SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map from a struct to a struct.
#include "bpf.h"

struct endpoint {
	__u32 address;
	__u16 port;
	__u16 zero;
};

struct traffic {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, struct endpoint);
	__type(value, struct traffic);
} m SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}

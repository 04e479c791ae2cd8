// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A ring buffer of a size that no kernel takes as it is, pinned by name.
#include "pinned.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 5000);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} m SEC(".maps");

SEC("xdp")
int reserve(void *ctx)
{
	__u64 value = 99;

	bpf_ringbuf_output(&m, &value, sizeof(value), 0);
	return XDP_PASS;
}

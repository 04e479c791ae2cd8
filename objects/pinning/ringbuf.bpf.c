// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A ring buffer that is pinned by name.
//
// variants:
//   ringbuf: SIZE=65536 // A ring buffer of a size that every kernel takes, pinned by name.
//   ringbuf_odd: SIZE=5000
//       // A ring buffer of a size that no kernel takes as it is, pinned by name.
#include "pinned.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, SIZE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} m SEC(".maps");

SEC("xdp")
int reserve(void *ctx)
{
	__u64 value = 99;

	bpf_ringbuf_output(&m, &value, sizeof(value), 0);
	return XDP_PASS;
}

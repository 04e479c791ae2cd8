// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A perf event array whose definition leaves sizes out, or has others than the kernel takes.
//
// variants:
//   descriptors_both: SIZES=__uint(key_size, 4); __uint(value_size, 4);
//       // A perf event array with both sizes.
//   descriptors_none: SIZES= // A perf event array without sizes.
//   descriptors_key: SIZES=__uint(key_size, 4); // A perf event array with the size of keys only.
//   descriptors_value: SIZES=__uint(value_size, 4);
//       // A perf event array with the size of values only.
//   descriptors_wide: SIZES=__uint(key_size, 4); __uint(value_size, 8);
//       // A perf event array whose values are too wide for descriptors.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(max_entries, 2);
	SIZES
} m SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}

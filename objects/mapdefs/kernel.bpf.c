// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two maps, of which the kernel takes the first. What it refuses is the good object with one thing
// wrong in the second map.
//
// variants:
//   kernel_good: TYPE=BPF_MAP_TYPE_HASH ENTRIES=__uint(max_entries, 4); KEY=__type(key, __u32);
//       VALUE=__type(value, __u64); LAST= // Two maps that the kernel takes.
//   kernel_no_entries: ENTRIES= // A good map, then a hash of no entries.
//   kernel_type: TYPE=9999 // A good map, then one of a type that no kernel knows.
//   kernel_flag: LAST=__uint(map_flags, 1U << 30);
//       // A good map, then one with a flag that no kernel knows.
//   kernel_extra: LAST=__uint(map_extra, 3);
//       // A good map, then a hash with a map_extra, which only other types take.
//   kernel_array_key: TYPE=BPF_MAP_TYPE_ARRAY KEY=__type(key, __u64);
//       // A good map, then an array with a key of 8 bytes.
//   kernel_no_value: TYPE=BPF_MAP_TYPE_ARRAY VALUE= // A good map, then an array without values.
//   kernel_value: KEY=__uint(key_size, 4); VALUE=__uint(value_size, 0x7ffffff0);
//       // A good map, then one with values of 2 GiB.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} good SEC(".maps");

struct {
	__uint(type, TYPE);
	ENTRIES
	KEY
	VALUE
	LAST
} bad SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&good));
	asm volatile("" : : "r"(&bad));
	return XDP_PASS;
}

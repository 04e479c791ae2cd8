// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Maps in a section of a vendor's, with padding between them.
#include "vendor.h"

struct vendor_map first SEC("vendor_maps") = { VENDOR_MAGIC, VENDOR_DEFINE, MAP_HASH, 4, 8, 16, F_NO_PREALLOC, 7 };
struct vendor_map second SEC("vendor_maps") __attribute__((aligned(64))) = { VENDOR_MAGIC, VENDOR_DEFINE, MAP_ARRAY, 4, 4, 2, F_NUMA_NODE, 0 };

SEC("xdp") int use(void *ctx)
{
	__u32 key = 1, one = 1, *value = map_lookup_elem(&second, &key);
	__u64 big = 5;

	map_update_elem(&first, &key, &big, 0);
	if (value)
		*value += one;
	return value ? (int)*value : -1;
}

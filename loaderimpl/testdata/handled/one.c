// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// One map in a section of a vendor's, that asks to be pinned.
#include "vendor.h"

struct vendor_map kept SEC("vendor_maps") = { VENDOR_MAGIC, VENDOR_PIN, MAP_ARRAY, 4, 4, 3, 0, 0 };

SEC("xdp") int use(void *ctx)
{
	__u32 key = 2, *value = map_lookup_elem(&kept, &key);

	if (value)
		*value += 1;
	return value ? (int)*value : -1;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// BTF definitions with a vendor's fields: in a map, in the maps of a map of maps, and beside one that a vendor does not know either.
#include "vendor.h"

struct {
	__uint(type, MAP_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(vendor_entries, 3);
	__uint(vendor_node, 0);
} sized SEC(".maps");

struct {
	__uint(type, MAP_ARRAY_OF_MAPS);
	__uint(key_size, 4);
	__uint(max_entries, 1);
	__array(values, struct {
		__uint(type, MAP_ARRAY);
		__type(key, __u32);
		__type(value, __u32);
		__uint(vendor_entries, 3);
		__uint(vendor_node, 0);
	});
} outer SEC(".maps") = { .values = { (void *)&sized } };

SEC("xdp") int use(void *ctx)
{
	__u32 key = 2, *value = map_lookup_elem(&sized, &key);
	void *inner;

	key = 0;
	inner = map_lookup_elem(&outer, &key);
	return value && inner ? 2 : 1;
}

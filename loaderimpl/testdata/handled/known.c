// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Definitions in sections that loaders know. A handler may take some of them, and hand the others back.
#include "vendor.h"

struct inner {
	__uint(type, MAP_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1);
};

struct inner one SEC(".maps"), two SEC(".maps");

struct {
	__uint(type, MAP_ARRAY_OF_MAPS);
	__uint(key_size, 4);
	__uint(max_entries, 2);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { (void *)&one, (void *)&two } };

struct {
	__u32 magic;
	__u32 entries;
} odd SEC(".maps") = { VENDOR_MAGIC, 6 };

struct bpf_map_def plain SEC("maps") = { MAP_HASH, 4, 8, 5, 0 };
struct vendor_map strange SEC("maps") = { VENDOR_MAGIC, VENDOR_DEFINE, MAP_HASH, 4, 8, 16, 0, 0 };

SEC("xdp") int use(void *ctx)
{
	__u32 key = 0;

	return map_lookup_elem(&odd, &key) || map_lookup_elem(&plain, &key) || map_lookup_elem(&strange, &key) ? 1 : 2;
}

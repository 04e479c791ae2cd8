// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Kinds of types that came after Linux 5.10, a type too large for the kernel where it does not count, and a hidden function.
#include "bpf.h"

#define __tag(text) __attribute__((btf_decl_tag(text)))
#define __type_tag(text) __attribute__((btf_type_tag(text)))

enum large { LARGE = 0x123456789ULL };

struct value {
	float ratio;
	double share;
	enum large large;
	__u32 __type_tag("on") *pointer;
	__u32 counted __tag("counted");
} __tag("mine");

struct {
	__uint(type, MAP_HASH);
	__type(key, __u32);
	__type(value, struct value);
	__uint(max_entries, 1 << 10);
	__ulong(map_extra, 0);
} typed SEC(".maps") __tag("map");

/* An array of so many integers does not fit the kernel's BTF. */
struct {
	__uint(type, MAP_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1);
	__uint(map_flags, 1 << 30);
} left_out SEC(".maps");

__attribute__((visibility("hidden"))) __noinline int inside(__u32 *n)
{
	return *n; /* a global function may not trust its argument */
}

SEC("xdp") int use(void *ctx)
{
	__u32 key = 5;
	if (map_lookup_elem(&typed, &key))
		return XDP_DROP;
	return inside(&key);
}

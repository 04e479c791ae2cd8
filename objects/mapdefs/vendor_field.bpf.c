// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A BTF definition with a field that a callback makes sense of, as it gets the field's type.
//
// variants:
//   vendor_field: OTHER= MAP=&m
//       // A BTF definition with a field that a callback makes sense of, as it gets the field's
//       type.
//   vendor_field_other: OTHER=__uint(vendor_colour, 7);
//       // A BTF definition with two fields that no loader knows, of which the callback knows one.
//   vendor_field_other_unused: OTHER=__uint(vendor_colour, 7); MAP=&other
//       // The same, of a map that no program uses.
#include "vendor.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
	__uint(vendor_entries, 9);
	OTHER
} m SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} other SEC(".maps");

SEC("xdp")
int store(struct xdp_md *ctx)
{
	__u32 key = 7;
	__u64 value = 77;

	bpf_map_update_elem(MAP, &key, &value, BPF_ANY);
	return XDP_PASS;
}

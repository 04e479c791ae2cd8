// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A legacy definition. Each bad one is the plain one with one thing wrong.
//
// variants:
//   legacy_plain: STRUCT=bpf_map_def NAME=m FIELDS=.max_entries = 4, AFTER=
//       // A hash that every loader of legacy definitions takes.
//   legacy_annotated: AFTER=KEY_AND_VALUE_OF(m, __u32, __u64);
//       // A legacy hash with BTF types of its key and value, which loaders find by the map's name.
//   legacy_name_long: NAME=a_name_that_no_kernel_will_hold_in_full_x
//       // A legacy map with a name of 40 letters.
//   legacy_short: STRUCT=shorter_map_def // A legacy map that ends before the flags.
//   legacy_stub: STRUCT=stub_map_def FIELDS=
//       // A legacy map that ends before the number of its entries.
#include "bpf.h"

struct shorter_map_def {
	__u32 type;
	__u32 key_size;
	__u32 value_size;
	__u32 max_entries;
};

struct stub_map_def {
	__u32 type;
	__u32 key_size;
	__u32 value_size;
};

struct STRUCT SEC("maps") NAME = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	FIELDS
};

AFTER

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&NAME));
	return XDP_PASS;
}

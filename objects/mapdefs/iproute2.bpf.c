// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A definition of iproute2's. Each bad definition is the plain one with one thing wrong.
//
// variants:
//   iproute2_plain: STORAGE= STRUCT=bpf_elf_map FIELDS=.max_elem = 4, .id = 1, AFTER=
//       // A hash that every loader of iproute2's definitions takes.
//   iproute2_annotated: AFTER=KEY_AND_VALUE_OF(m, __u32, __u64);
//       // A map whose key and value BPF_ANNOTATE_KV_PAIR names.
//   iproute2_static: STORAGE=static
//       // A definition that is static: iproute2 looks at global symbols only.
//   iproute2_stub: STRUCT=elf_map_12 FIELDS=
//       // A definition that ends before the number of entries.
//   iproute2_short_16: STRUCT=elf_map_16 FIELDS=.max_elem = 4,
//       // A definition that ends before the flags, as iproute2's first had it.
//   iproute2_short_28: STRUCT=elf_map_28
//       // A definition that ends before the inner map, as older objects have it.
//   iproute2_long: STRUCT=elf_map_40 FIELDS=.max_elem = 4, .id = 1, .later = 1,
//       // A definition with one field more than iproute2 knows, which is not 0.
//   iproute2_long_zero: STRUCT=elf_map_40
//       // A definition with one field more than iproute2 knows, which is 0.
#include "bpf.h"

struct elf_map_12 {
	__u32 type;
	__u32 size_key;
	__u32 size_value;
};

struct elf_map_16 {
	__u32 type;
	__u32 size_key;
	__u32 size_value;
	__u32 max_elem;
};

struct elf_map_28 {
	__u32 type;
	__u32 size_key;
	__u32 size_value;
	__u32 max_elem;
	__u32 flags;
	__u32 id;
	__u32 pinning;
};

struct elf_map_40 {
	__u32 type;
	__u32 size_key;
	__u32 size_value;
	__u32 max_elem;
	__u32 flags;
	__u32 id;
	__u32 pinning;
	__u32 inner_id;
	__u32 inner_idx;
	__u32 later;
};

STORAGE struct STRUCT SEC("maps") m = {
	.type = BPF_MAP_TYPE_HASH,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u64),
	FIELDS
};

AFTER

SEC("xdp")
int store(struct xdp_md *ctx)
{
	__u32 key = 7;
	__u64 value = 77;

	bpf_map_update_elem(&m, &key, &value, BPF_ANY);
	return XDP_PASS;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two structs of different sizes in one section, which does not say where one ends and the
// other begins.
//
// variants:
//   iproute2_mixed: STRUCT=bpf_map_def
//       // A struct bpf_elf_map and a struct bpf_map_def in one section.
//   iproute2_sizes: STRUCT=elf_map_20 // Two definitions of iproute2's, one of them shorter.
#include "bpf.h"

struct elf_map_20 {
	__u32 type;
	__u32 size_key;
	__u32 size_value;
	__u32 max_elem;
	__u32 flags;
};

struct bpf_elf_map SEC("maps") m = {
	.type = BPF_MAP_TYPE_HASH,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u64),
	.max_elem = 4,
	.id = 1,
};

/* Type, size of keys, size of values, number of entries. */
struct STRUCT SEC("maps") other = {BPF_MAP_TYPE_HASH, sizeof(__u32), sizeof(__u64), 4, 0};

SEC("xdp")
int store(struct xdp_md *ctx)
{
	__u32 key = 7;
	__u64 value = 77;

	bpf_map_update_elem(&m, &key, &value, BPF_ANY);
	return XDP_PASS;
}

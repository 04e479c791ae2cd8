// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of four maps as iproute2 defines it, and a map for one of its slots.
//
// variants:
//   iproute2_inner_missing: SLOT=2 INNER=0 VALUE_SIZE=4
//       // An array of maps as iproute2 defines it, which does not say what the maps in it look
//       like.
//   iproute2_inner_unknown: INNER=9
//       // An array of maps as iproute2 defines it, whose maps look like one of id 9, which does
//       not exist.
//   iproute2_slot_beyond: SLOT=4 INNER=1
//       // An array of four maps as iproute2 defines it, with a map in slot 4.
//   iproute2_no_slot: SLOT=-1 INNER=1
//       // An array of maps as iproute2 defines it, and the map that its maps look like, which is
//       in no slot.
//   iproute2_value_size: SLOT=2 INNER=1 VALUE_SIZE=8
//       // An array of maps as iproute2 defines it, whose definition says that it has values of 8
//       bytes.
#include "mapinmap.h"

struct bpf_elf_map SEC("maps") inner_zero = {
	.type = BPF_MAP_TYPE_HASH,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u64),
	.max_elem = 4,
	.id = 1,
	.inner_idx = SLOT,
};

struct bpf_elf_map SEC("maps") outer = {
	.type = BPF_MAP_TYPE_ARRAY_OF_MAPS,
	.size_key = sizeof(__u32),
	.size_value = VALUE_SIZE,
	.max_elem = 4,
	.id = 2,
	.inner_id = INNER,
};

STORE_IN_EVERY_SLOT(outer)

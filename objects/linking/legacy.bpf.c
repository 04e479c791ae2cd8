// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map in section maps, weak, and a program that stores in it.
//
// variants:
//   legacy: ENTRIES=4 STORED=51 PROGRAM=store
//       // A map in section maps, weak, and a program that stores 51 in it.
//   legacy_other: ENTRIES=5 STORED=52 PROGRAM=store_other
//       // The map with another size, and a program that stores 52.
#include "bpf.h"

struct bpf_map_def shared __weak SEC("maps") = {
	.type = BPF_MAP_TYPE_ARRAY,
	.key_size = 4,
	.value_size = 8,
	.max_entries = ENTRIES,
};

SEC("xdp")
int PROGRAM(void *ctx)
{
	__u32 key = 0;
	__u64 value = STORED;

	bpf_map_update_elem(&shared, &key, &value, BPF_ANY);
	return XDP_PASS;
}

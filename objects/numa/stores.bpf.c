// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Maps on node 0, on node 1 and anywhere, and a program that stores in each.
//
// variants:
//   hash: TYPE=BPF_MAP_TYPE_HASH ENTRIES=4 KEY=__u32 FLAGS=0
//       // Hashes on node 0, on node 1 and anywhere, and a program that stores in each.
//   hash_no_prealloc: FLAGS=BPF_F_NO_PREALLOC
//       // Hashes that are not preallocated on node 0, on node 1 and anywhere, and a program that
//       stores in each.
//   lru_hash: TYPE=BPF_MAP_TYPE_LRU_HASH
//       // LRU hashes on node 0, on node 1 and anywhere, and a program that stores in each.
//   lpm_trie: TYPE=BPF_MAP_TYPE_LPM_TRIE KEY=__u64 FLAGS=BPF_F_NO_PREALLOC
//       // Tries on node 0, on node 1 and anywhere, and a program that stores in each.
//   array: TYPE=BPF_MAP_TYPE_ARRAY
//       // Arrays on node 0, on node 1 and anywhere, and a program that stores in each.
//   array_mmapable: TYPE=BPF_MAP_TYPE_ARRAY ENTRIES=4096 FLAGS=BPF_F_MMAPABLE
//       // Arrays of eight pages that user space may map on node 0, on node 1 and anywhere, and a
//       program that stores in each.
#include "numa.h"

ON_EACH_NODE(FLAGS,
	__uint(type, TYPE);
	__uint(max_entries, ENTRIES);
	__type(key, KEY);
	__type(value, __u64)
);

SEC("xdp")
int store(struct xdp_md *ctx)
{
	KEY key = 1;
	__u64 value = 77;

	bpf_map_update_elem(&on_zero, &key, &value, BPF_ANY);
	bpf_map_update_elem(&on_one, &key, &value, BPF_ANY);
	bpf_map_update_elem(&anywhere, &key, &value, BPF_ANY);
	return XDP_PASS;
}

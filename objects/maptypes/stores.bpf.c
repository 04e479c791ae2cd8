// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map that an XDP program stores in.
//
// variants:
//   hash: TYPE=BPF_MAP_TYPE_HASH KEY=__u32 ENTRIES=16 FLAGS=0 // A hash of 16 entries.
//   hash_no_prealloc: FLAGS=BPF_F_NO_PREALLOC // A hash that is not preallocated.
//   hash_zero_seed: FLAGS=BPF_F_ZERO_SEED // A hash with the seed 0.
//   percpu_hash: TYPE=BPF_MAP_TYPE_PERCPU_HASH // A hash with a value for each CPU.
//   lru_hash: TYPE=BPF_MAP_TYPE_LRU_HASH KEY=__u64 ENTRIES=64
//       // A hash that drops what was used least recently.
//   lru_percpu_hash: TYPE=BPF_MAP_TYPE_LRU_PERCPU_HASH KEY=__u64 ENTRIES=64
//       // A hash that drops what was used least recently, with a value for each CPU.
//   lru_no_common: TYPE=BPF_MAP_TYPE_LRU_HASH ENTRIES=64 FLAGS=BPF_F_NO_COMMON_LRU
//       // An LRU hash with a list for each CPU.
//   array: TYPE=BPF_MAP_TYPE_ARRAY ENTRIES=8 // An array of 8 entries.
//   array_mmapable: TYPE=BPF_MAP_TYPE_ARRAY ENTRIES=8 FLAGS=BPF_F_MMAPABLE
//       // An array that user space can map.
//   array_inner_map: TYPE=BPF_MAP_TYPE_ARRAY ENTRIES=8 FLAGS=BPF_F_INNER_MAP
//       // An array that may take the place of one of another size in a map of maps.
//   percpu_array: TYPE=BPF_MAP_TYPE_PERCPU_ARRAY ENTRIES=8 // An array with a value for each CPU.
#include "four_ways.h"

MAP(m, TYPE, KEY, __u64, ENTRIES, FLAGS);

STORES(KEY, 7)

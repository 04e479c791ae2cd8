// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A hash that is pinned by name, and a program that stores in it.
//
// variants:
//   hash: TYPE=BPF_MAP_TYPE_HASH KEY=__u32 VALUE=__u64 ENTRIES=4 FLAGS=0
//       // A hash that is pinned by name, and a program that stores in it. The other hashes differ
//       from it in what their names say.
//   hash_type: TYPE=BPF_MAP_TYPE_LRU_HASH // The hash as another type of map.
//   hash_key: KEY=__u64 // The hash with a longer key.
//   hash_value: VALUE=__u32 // The hash with a shorter value.
//   hash_signed: KEY=__s32 VALUE=__s64
//       // The hash with a key and value of other types, which are as long.
//   hash_entries: ENTRIES=8 // The hash with more entries.
//   hash_flags: FLAGS=BPF_F_NO_PREALLOC // The hash with a flag.
//   hash_rdonly: FLAGS=BPF_F_RDONLY // The hash, which user space may only read.
//   hash_wronly: FLAGS=BPF_F_WRONLY // The hash, which user space may only write to.
//   hash_lru_no_common: TYPE=BPF_MAP_TYPE_LRU_HASH ENTRIES=5 FLAGS=BPF_F_NO_COMMON_LRU
//       // An LRU hash with a list for each CPU, whose number of entries the kernel rounds up.
//   hash_lru_no_common_more: TYPE=BPF_MAP_TYPE_LRU_HASH ENTRIES=4101 FLAGS=BPF_F_NO_COMMON_LRU
//       // The same with more entries than any rounding makes of it.
//   hash_several: TYPE=BPF_MAP_TYPE_LRU_HASH KEY=__u64 VALUE=__u32 ENTRIES=8 FLAGS=BPF_F_ZERO_SEED
//       // The hash with another type, other sizes, another number of entries and other flags.
#include "pinned.h"

#define BPF_F_RDONLY (1U << 3)
#define BPF_F_WRONLY (1U << 4)

PINNED_MAP(m, TYPE, KEY, VALUE, ENTRIES, FLAGS);

STORES("xdp", store, m, KEY, VALUE, 7, 77)

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map as iproute2 defines it, which may be pinned, and a program that stores in it.
//
// variants:
//   elf_global: PINNING=PIN_GLOBAL_NS TYPE=BPF_MAP_TYPE_HASH KEY=__u32 VALUE=__u64 ENTRIES=4
//       FLAGS=0 SECTION="classifier" PROGRAM=store STORED=77
//       // A map of iproute2 that is pinned for all objects, and a program for tc that stores 77 in
//       it.
//   elf_global_xdp: SECTION="xdp"
//       // A map of iproute2 that is pinned for all objects, and a program for XDP that stores 77
//       in it.
//   elf_global_other: PROGRAM=store_other STORED=88
//       // Another object with the map of iproute2 that is pinned for all, and a program that
//       stores 88.
//   elf_type: TYPE=BPF_MAP_TYPE_LRU_HASH
//       // The map of iproute2 that is pinned for all objects, as another type.
//   elf_key: KEY=__u64
//       // The map of iproute2 that is pinned for all objects, with a longer key.
//   elf_value: VALUE=__u32
//       // The map of iproute2 that is pinned for all objects, with a shorter value.
//   elf_entries: ENTRIES=8
//       // The map of iproute2 that is pinned for all objects, with more entries.
//   elf_flags: FLAGS=BPF_F_NO_PREALLOC
//       // The map of iproute2 that is pinned for all objects, with a flag.
//   elf_object: PINNING=PIN_OBJECT_NS // A map of iproute2 that is pinned for its own object.
//   elf_object_other: PINNING=PIN_OBJECT_NS PROGRAM=store_other STORED=88
//       // Another object with the same map of iproute2, pinned for its own object.
//   elf_custom: PINNING=5
//       // A map of iproute2 whose pinning is number 5, which only a table explains.
//   elf_none: PINNING=PIN_NONE // A map of iproute2 that is not pinned.
#include "pinned.h"

ELF_MAP(m, TYPE, sizeof(KEY), sizeof(VALUE), ENTRIES, FLAGS, 0, PINNING);

STORES(SECTION, PROGRAM, m, KEY, VALUE, 7, STORED)

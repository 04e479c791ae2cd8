// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of hashes, with a map in it that may differ from the template.
//
// variants:
//   mismatch_none: TYPE=BPF_MAP_TYPE_HASH ENTRIES=4 KEY=__u32 VALUE=__u64 FLAGS=
//       // An array of hashes, with a hash like the template.
//   mismatch_type: TYPE=BPF_MAP_TYPE_LRU_HASH // An array of hashes, with an LRU hash.
//   mismatch_key: KEY=__u64 // An array of hashes, with a hash of longer keys.
//   mismatch_value: VALUE=struct wide // An array of hashes, with a hash of longer values.
//   mismatch_flags: FLAGS=__uint(map_flags, BPF_F_NO_PREALLOC);
//       // An array of hashes, with a hash of other flags.
//   size_hash: ENTRIES=64
//       // An array of hashes, with a hash of more entries than the template has.
#include "mapinmap.h"

struct template {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
};

struct {
	__uint(type, TYPE);
	__uint(max_entries, ENTRIES);
	__type(key, KEY);
	__type(value, VALUE);
	FLAGS
} inner_zero SEC(".maps");

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 2, struct template) outer SEC(".maps") = {
	.values = { [0] = (void *)&inner_zero },
};

STORE_IN_EVERY_SLOT(outer)

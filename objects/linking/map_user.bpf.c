// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that reads a map of another object, beside a map of its own.
//
// variants:
//   map_user: TYPE=BPF_MAP_TYPE_ARRAY KEYED=__type KEY=__u32 VALUE=__u64 ENTRIES=4 MORE= OWN=own
//       PROGRAM=lookup
//       // A program that reads a map of another object, which it declares as it is defined.
//   map_user_again: OWN=own_again PROGRAM=lookup_again
//       // Another program that reads the map, beside another map of its own.
//   map_user_entries: ENTRIES=5 // The program, which declares the map with another size.
//   map_user_flags: MORE=__uint(map_flags, BPF_F_NO_PREALLOC);
//       // The program, which declares the map with a flag.
//   map_user_key: KEY=struct number
//       // The program, which declares the map with a key of another type.
//   map_user_key_size: KEY=__u64 // The program, which declares the map with a longer key.
//   map_user_node: MORE=__uint(numa_node, 1);
//       // The program, which declares the map on a NUMA node.
//   map_user_pinning: MORE=__uint(pinning, LIBBPF_PIN_BY_NAME);
//       // The program, which declares that the map is pinned.
//   map_user_untyped: KEYED=UNTYPED
//       // The program, which declares the map with the size of its key only.
//   map_user_type: TYPE=BPF_MAP_TYPE_HASH // The program, which declares another type of map.
//   map_user_value: VALUE=struct long_number
//       // The program, which declares the map with another type of value.
//   map_user_value_size: VALUE=__u32[4]
//       // The program, which declares the map with a longer value.
//   map_user_extra: MORE=__uint(map_extra, 1);
//       // The program, which declares the map with a map_extra.
#include "bpf.h"

/* In the place of a number. */
struct number {
	__u32 n;
};
struct long_number {
	__u64 n;
};

#define UNTYPED(name, of) __uint(name##_size, sizeof(of))

/* In front of the map that is read, where this object comes first. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 16);
} OWN SEC(".maps");

extern struct {
	__uint(type, TYPE);
	KEYED(key, KEY);
	__type(value, VALUE);
	__uint(max_entries, ENTRIES);
	MORE
} shared EXTERN_SEC(".maps");

SEC("xdp")
int PROGRAM(void *ctx)
{
	__u32 key = 0;
	__u64 mine = 21;
	__u64 wanted = 0;
	__u64 *found = bpf_map_lookup_elem(&shared, &wanted);

	bpf_map_update_elem(&OWN, &key, &mine, BPF_ANY);
	return found ? *found : 1;
}

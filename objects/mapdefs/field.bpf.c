// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A BTF definition of a hash, field by field. Each bad definition is the plain one with one thing
// wrong.
//
// variants:
//   plain: FIRST= TYPE=__uint(type, BPF_MAP_TYPE_HASH); ENTRIES=__uint(max_entries, 4);
//       KEY=__type(key, __u32); VALUE=__type(value, __u64); LAST=
//       // A hash that every loader of BTF definitions takes.
//   definition_reordered: FIRST=__type(value, __u64); __type(key, __u32); __uint(max_entries, 4);
//       ENTRIES= KEY= VALUE= // A map whose fields come in another order, the sizes first.
//   no_type: TYPE= // A map without a type.
//   numa_node: LAST=__uint(map_flags, BPF_F_NUMA_NODE); __uint(numa_node, 0);
//       // A map on NUMA node 0.
//   pinning_unknown: LAST=__uint(pinning, 2); // A map that asks to be pinned in an unknown way.
//   unknown_field: LAST=__uint(colour, 7); // A map with a field that no loader knows.
//   unknown_field_first: FIRST=__type(colour, __u64);
//       // A map with a field that no loader knows, before the fields that it does.
//   unknown_field_conflict: LAST=__uint(colour, 7); __uint(key_size, 8);
//       // A map with a field that no loader knows, and two sizes of its key.
//   size_by_number: KEY=__uint(key_size, 4); VALUE=__uint(value_size, 8);
//       // A map whose sizes are numbers.
//   size_twice_same: LAST=__uint(key_size, 4); __uint(value_size, 8);
//       // A map whose sizes are given by type and by number, and agree.
//   key_conflict_number_first: FIRST=__uint(key_size, 8);
//       // A map with a key of 8 bytes by number, then of 4 by type.
//   key_conflict_type_first: LAST=__uint(key_size, 8);
//       // A map with a key of 4 bytes by type, then of 8 by number.
//   value_conflict_number_first: FIRST=__uint(value_size, 4);
//       // A map with a value of 4 bytes by number, then of 8 by type.
//   value_conflict_type_first: LAST=__uint(value_size, 4);
//       // A map with a value of 8 bytes by type, then of 4 by number.
//   key_not_pointer: KEY= LAST=__u32 key;
//       // A map whose key is an integer, where a pointer to a type is meant.
//   value_not_pointer: VALUE=__u64 value;
//       // A map whose value is an integer, where a pointer to a type is meant.
//   number_not_array: ENTRIES= LAST=int *max_entries;
//       // A map whose number of entries points to an integer, where a pointer to an array is
//       meant.
//   number_not_pointer: TYPE= LAST=int type;
//       // A map whose type is an integer, where a pointer to an array is meant.
//   key_without_size: KEY= LAST=__type(key, struct nowhere);
//       // A map whose key is a struct that is only declared.
//   value_without_size: VALUE=__type(value, struct nowhere);
//       // A map whose value is a struct that is only declared.
#include "bpf.h"

struct nowhere;

struct {
	FIRST
	TYPE
	ENTRIES
	KEY
	VALUE
	LAST
} m SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}

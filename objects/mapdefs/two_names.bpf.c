// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two maps with names of the same length. An edit gives both the same name.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} name_of_one SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} name_of_two SEC(".maps");

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Maps that no program uses.
//
// variants:
//   lone_array: TYPE=BPF_MAP_TYPE_ARRAY // An array.
//   lone_hash: TYPE=BPF_MAP_TYPE_HASH // A hash, for CAP_BPF.
#include "bpf.h"

struct {
	__uint(type, TYPE);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} lone SEC(".maps");

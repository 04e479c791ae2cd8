// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A hash that no program uses: the object has none.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} m SEC(".maps");

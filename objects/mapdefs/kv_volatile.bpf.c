// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map whose key and value types are volatile.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, volatile __u32);
	__type(value, volatile __u64);
} m SEC(".maps");

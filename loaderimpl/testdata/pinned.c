// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map that asks to be pinned.
#include "bpf.h"

struct {
	__uint(type, MAP_HASH);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 3);
	__uint(pinning, PIN_BY_NAME);
} shared SEC(".maps");

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A number that points to no array.
#include "../bpf.h"

struct {
	__uint(type, MAP_ARRAY);
	__u32 *max_entries;
} m SEC(".maps");

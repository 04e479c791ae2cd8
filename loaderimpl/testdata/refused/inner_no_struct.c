// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Inner maps that are no structs.
#include "../bpf.h"

struct {
	__uint(type, MAP_ARRAY_OF_MAPS);
	__uint(key_size, 4);
	__uint(max_entries, 1);
	__array(values, int);
} m SEC(".maps");

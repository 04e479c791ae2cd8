// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Values for a map that holds none.
#include "../bpf.h"

struct {
	__uint(type, MAP_ARRAY);
	__uint(key_size, 4);
	__uint(max_entries, 1);
	__array(values, int(void *));
} m SEC(".maps");

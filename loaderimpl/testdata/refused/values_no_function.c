// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Values of a PROG_ARRAY that are no functions.
#include "../bpf.h"

struct {
	__uint(type, MAP_PROG_ARRAY);
	__uint(key_size, 4);
	__uint(max_entries, 1);
	__array(values, int);
} m SEC(".maps");

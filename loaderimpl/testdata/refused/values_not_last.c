// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Values that are not the last field.
#include "../bpf.h"

struct {
	__uint(type, MAP_PROG_ARRAY);
	int (*values[1])(void *);
	__uint(max_entries, 1);
} m SEC(".maps");

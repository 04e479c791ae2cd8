// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A PROG_ARRAY that holds a function which is no program.
#include "../bpf.h"

__noinline int part(void *ctx)
{
	return 1;
}

struct {
	__uint(type, MAP_PROG_ARRAY);
	__uint(key_size, 4);
	__uint(max_entries, 1);
	__array(values, int(void *));
} m SEC(".maps") = { .values = { [0] = (void *)part } };

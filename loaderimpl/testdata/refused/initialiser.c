// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A definition with bytes that nobody reads.
#include "../bpf.h"

struct {
	__uint(type, MAP_ARRAY);
	__uint(max_entries, 4);
} m SEC(".maps") = { .max_entries = (void *)8 };

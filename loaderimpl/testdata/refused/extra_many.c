// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map_extra that could be one of two numbers.
#include "../bpf.h"

struct {
	__uint(type, MAP_BLOOM_FILTER);
	enum { ONE = 1, TWO = 2 } map_extra;
} m SEC(".maps");

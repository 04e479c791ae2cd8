// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A kind of pinning that does not exist.
#include "../bpf.h"

struct {
	__uint(type, MAP_ARRAY);
	__uint(pinning, 2);
} m SEC(".maps");

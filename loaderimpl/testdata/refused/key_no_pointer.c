// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A key that is no pointer.
#include "../bpf.h"

struct {
	__uint(type, MAP_ARRAY);
	__u32 key;
} m SEC(".maps");

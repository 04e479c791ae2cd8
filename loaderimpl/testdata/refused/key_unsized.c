// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A key whose size nobody knows.
#include "../bpf.h"

struct {
	__uint(type, MAP_ARRAY);
	struct nowhere *key;
} m SEC(".maps");

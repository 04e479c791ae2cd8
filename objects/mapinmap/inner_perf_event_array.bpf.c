// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of maps, with an array of events in it that has one for each CPU.
#include "mapinmap.h"

struct template {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} inner_zero SEC(".maps");

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 2, struct template) outer SEC(".maps") = {
	.values = { [0] = (void *)&inner_zero },
};

LOOK_IN_SLOT(outer)

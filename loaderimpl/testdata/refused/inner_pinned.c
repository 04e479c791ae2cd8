// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Inner maps that ask to be pinned.
#include "../bpf.h"

struct {
	__uint(type, MAP_ARRAY_OF_MAPS);
	__uint(key_size, 4);
	__uint(max_entries, 1);
	__array(values, struct {
		__uint(type, MAP_ARRAY);
		__type(key, __u32);
		__type(value, __u64);
		__uint(max_entries, 1);
		__uint(pinning, PIN_BY_NAME);
	});
} m SEC(".maps");

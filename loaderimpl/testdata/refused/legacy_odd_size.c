// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A section that no number of definitions fills.
#include "../bpf.h"

struct {
	struct bpf_map_def def;
	__u8 rest[2];
} __attribute__((packed)) m SEC("maps") = { { MAP_ARRAY, 4, 8, 1 } };
__u8 more SEC("maps") = 0;

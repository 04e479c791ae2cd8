// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A legacy map with more than others know.
#include "../bpf.h"

struct {
	struct bpf_map_def def;
	__u32 id, pinning, inner_id, inner_idx;
} m SEC("maps") = { { MAP_ARRAY, 4, 8, 1 }, 1, 2 };

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A static legacy map.
#include "../bpf.h"

static struct bpf_map_def SEC("maps") m = { MAP_ARRAY, 4, 8, 1 };

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A legacy map that is also one of iproute2's, if a short one.
#include "bpf.h"

struct bpf_map_def SEC("maps") m = { MAP_HASH, 4, 8, 6, F_NO_PREALLOC };

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A legacy map without a type.
#include "../bpf.h"

struct bpf_map_def SEC("maps") m = { 0, 4, 8, 1 };

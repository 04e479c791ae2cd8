// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map that holds no maps and names an inner map.
#include "../bpf.h"

struct bpf_load_map_def SEC("maps") k = { .type = MAP_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1 };
struct bpf_load_map_def SEC("maps") l = { .type = MAP_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1 };
struct bpf_load_map_def SEC("maps") m = { .type = MAP_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1, .inner_map_idx = 1 };

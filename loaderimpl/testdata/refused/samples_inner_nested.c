// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map of maps in a map of maps.
#include "../bpf.h"

struct bpf_load_map_def SEC("maps") k = { .type = MAP_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1 };
struct bpf_load_map_def SEC("maps") l = { .type = MAP_ARRAY_OF_MAPS, .key_size = 4, .value_size = 4, .max_entries = 1 };
struct bpf_load_map_def SEC("maps") m = { .type = MAP_ARRAY_OF_MAPS, .key_size = 4, .value_size = 4, .max_entries = 1, .inner_map_idx = 1 };

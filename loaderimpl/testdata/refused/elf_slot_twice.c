// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two maps for one element.
#include "../bpf.h"

struct bpf_elf_map SEC("maps") m = { .type = MAP_HASH_OF_MAPS, .size_key = 4, .size_value = 4, .max_elem = 2, .inner_id = 5 };
struct bpf_elf_map SEC("maps") n = { .type = MAP_ARRAY, .size_key = 4, .size_value = 8, .max_elem = 1, .id = 5, .inner_idx = 7 };
struct bpf_elf_map SEC("maps") o = { .type = MAP_ARRAY, .size_key = 4, .size_value = 8, .max_elem = 1, .id = 5, .inner_idx = 7 };

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map that holds no maps and names an inner map.
#include "../bpf.h"

struct bpf_elf_map SEC("maps") m = { .type = MAP_ARRAY, .size_key = 4, .size_value = 4, .max_elem = 1, .inner_id = 5 };

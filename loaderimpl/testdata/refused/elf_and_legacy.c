// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Definitions of two loaders in one section.
#include "../bpf.h"

struct bpf_elf_map SEC("maps") m = { .type = MAP_ARRAY, .size_key = 4, .size_value = 8, .max_elem = 1 };
struct bpf_map_def SEC("maps") n = { .type = MAP_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1 };

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A tail call into a map that does not exist: the one of that id holds no programs.
#include "../bpf.h"

struct bpf_elf_map SEC("maps") m = { .type = MAP_ARRAY, .size_key = 4, .size_value = 8, .max_elem = 1, .id = 5 };

SEC("5/0") int use(void *ctx) { return 0; }

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A definition of a version of iproute2 that does not exist, with nothing in its new field.
#define bpf_elf_map of_this_version
#include "../bpf.h"
#undef bpf_elf_map

struct bpf_elf_map {
	__u32 type, size_key, size_value, max_elem, flags, id, pinning, inner_id, inner_idx, colour;
};

struct bpf_elf_map SEC("maps") m = { .type = MAP_ARRAY, .size_key = 4, .size_value = 8, .max_elem = 1 };

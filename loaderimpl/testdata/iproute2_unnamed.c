// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// struct bpf_elf_map of early versions of iproute2, declared where it is used, without a name: BTF tells it by its members.
#include "bpf.h"

struct {
	__u32 type, size_key, size_value, max_elem, flags, id, pinning;
} shared SEC("maps") = { .type = MAP_ARRAY, .size_key = 4, .size_value = 8, .max_elem = 1, .pinning = PIN_GLOBAL_NS };

SEC("tc") int use(void *ctx)
{
	__u32 key = 0;
	return map_lookup_elem(&shared, &key) ? 1 : 0;
}

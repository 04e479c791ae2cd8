/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Maps that ask to be pinned, and programs that use them. */
#pragma once
#include "bpf.h"

/* A BTF map that is pinned by its name. */
#define PINNED_MAP(name, map_type, key_type, value_type, entries, flags) \
	struct { \
		__uint(type, map_type); \
		__uint(max_entries, entries); \
		__uint(map_flags, flags); \
		__uint(pinning, LIBBPF_PIN_BY_NAME); \
		__type(key, key_type); \
		__type(value, value_type); \
	} name SEC(".maps")

/* The same without a pin. */
#define UNPINNED_MAP(name, map_type, key_type, value_type, entries, flags) \
	struct { \
		__uint(type, map_type); \
		__uint(max_entries, entries); \
		__uint(map_flags, flags); \
		__type(key, key_type); \
		__type(value, value_type); \
	} name SEC(".maps")

/* A map of iproute2's kind. */
#define ELF_MAP(name, map_type, key_bytes, value_bytes, entries, map_flags, map_id, where) \
	struct bpf_elf_map SEC("maps") name = { \
		.type = map_type, \
		.size_key = key_bytes, \
		.size_value = value_bytes, \
		.max_elem = entries, \
		.flags = map_flags, \
		.id = map_id, \
		.pinning = where, \
	}

/* A program that stores a number in a map. */
#define STORES(section, program, map, key_type, value_type, where, what) \
	SEC(section) \
	int program(void *ctx) \
	{ \
		key_type key = where; \
		value_type value = what; \
\
		bpf_map_update_elem(&map, &key, &value, BPF_ANY); \
		return XDP_PASS; \
	}

/* A program that counts its runs in element 0 of an array of 64-bit numbers. */
#define COUNTS(section, program, map) \
	SEC(section) \
	int program(void *ctx) \
	{ \
		__u32 zero = 0; \
		__u64 *n = bpf_map_lookup_elem(&map, &zero); \
\
		if (n) \
			*n += 1; \
		return XDP_PASS; \
	}

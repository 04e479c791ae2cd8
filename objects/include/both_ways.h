/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One map, defined in either of two ways: as BTF, or as a struct bpf_map_def where LEGACY is defined. The build makes two objects of every
 * source that includes this file, x.btf.o and x.legacy.o.
 */
#pragma once
#include "bpf.h"

#ifdef LEGACY

#define LEGACY_MAP(name, map_type, key_bytes, value_bytes, entries, flags)                                                                     \
	struct bpf_map_def SEC("maps") name = {                                                                                                \
		.type = map_type,                                                                                                              \
		.key_size = key_bytes,                                                                                                         \
		.value_size = value_bytes,                                                                                                     \
		.max_entries = entries,                                                                                                        \
		.map_flags = flags,                                                                                                            \
	}

/* A map whose sizes follow from types. */
#define MAP(name, type, key_type, value_type, entries, flags)                                                                                  \
	LEGACY_MAP(name, type, sizeof(key_type), sizeof(value_type), entries, flags);                                                          \
	KEY_AND_VALUE_OF(name, key_type, value_type)

/* A map without keys. */
#define KEYLESS_MAP(name, type, value_type, entries) LEGACY_MAP(name, type, 0, sizeof(value_type), entries, 0)

/* A map whose sizes are numbers. */
#define SIZED_MAP(name, type, key_bytes, value_bytes, entries) LEGACY_MAP(name, type, key_bytes, value_bytes, entries, 0)

/* A map with neither keys nor values. */
#define SIZELESS_MAP(name, type, entries) LEGACY_MAP(name, type, 0, 0, entries, 0)

#else

#define MAP(name, map_type, key_type, value_type, entries, flags)                                                                              \
	struct {                                                                                                                               \
		__uint(type, map_type);                                                                                                        \
		__uint(max_entries, entries);                                                                                                  \
		__uint(map_flags, flags);                                                                                                      \
		__type(key, key_type);                                                                                                         \
		__type(value, value_type);                                                                                                     \
	} name SEC(".maps")

#define KEYLESS_MAP(name, map_type, value_type, entries)                                                                                       \
	struct {                                                                                                                               \
		__uint(type, map_type);                                                                                                        \
		__uint(max_entries, entries);                                                                                                  \
		__type(value, value_type);                                                                                                     \
	} name SEC(".maps")

#define SIZED_MAP(name, map_type, key_bytes, value_bytes, entries)                                                                             \
	struct {                                                                                                                               \
		__uint(type, map_type);                                                                                                        \
		__uint(max_entries, entries);                                                                                                  \
		__uint(key_size, key_bytes);                                                                                                   \
		__uint(value_size, value_bytes);                                                                                               \
	} name SEC(".maps")

#define SIZELESS_MAP(name, map_type, entries)                                                                                                  \
	struct {                                                                                                                               \
		__uint(type, map_type);                                                                                                        \
		__uint(max_entries, entries);                                                                                                  \
	} name SEC(".maps")

#endif

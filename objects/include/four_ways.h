/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One map, defined in any of four ways: as BTF; as a struct bpf_map_def where LEGACY is defined; as
 * iproute2's struct bpf_elf_map where IPROUTE2 is; as a struct vendor_map, which only a callback
 * understands, where CALLBACK is. The build makes four objects of every source that includes this
 * file: x.btf.o, x.legacy.o, x.iproute2.o and x.callback.o. The program beside the map is the same
 * in all of them.
 */
#pragma once
#include "vendor.h"

#if defined(LEGACY)

#define NUMBERED_MAP(name, map_type, key_bytes, value_bytes, entries, bits) \
	struct bpf_map_def SEC("maps") name = { \
		.type = map_type, \
		.key_size = key_bytes, \
		.value_size = value_bytes, \
		.max_entries = entries, \
		.map_flags = bits, \
	}
#define ANNOTATED KEY_AND_VALUE_OF

#elif defined(IPROUTE2)

#define NUMBERED_MAP(name, map_type, key_bytes, value_bytes, entries, bits) \
	struct bpf_elf_map SEC("maps") name = { \
		.type = map_type, \
		.size_key = key_bytes, \
		.size_value = value_bytes, \
		.max_elem = entries, \
		.flags = bits, \
		.id = 1, \
	}
#define ANNOTATED KEY_AND_VALUE_OF

#elif defined(CALLBACK)

#define NUMBERED_MAP(name, map_type, key_bytes, value_bytes, entries, bits) \
	struct vendor_map SEC("vendor_maps") name = { \
		.magic = VENDOR_MAGIC, \
		.action = VENDOR_DEFINE, \
		.type = map_type, \
		.key_size = key_bytes, \
		.value_size = value_bytes, \
		.max_entries = entries, \
		.map_flags = bits, \
	}
#define ANNOTATED(name, key_type, value_type)

#endif

#ifdef NUMBERED_MAP

/* A map whose sizes follow from types. */
#define MAP(name, type, key_type, value_type, entries, flags) \
	NUMBERED_MAP(name, type, sizeof(key_type), sizeof(value_type), entries, flags); \
	ANNOTATED(name, key_type, value_type)

/* A map without keys. */
#define KEYLESS_MAP(name, type, value_type, entries) \
	NUMBERED_MAP(name, type, 0, sizeof(value_type), entries, 0)

/* A map whose sizes are numbers. */
#define SIZED_MAP(name, type, key_bytes, value_bytes, entries) \
	NUMBERED_MAP(name, type, key_bytes, value_bytes, entries, 0)

/* A map with neither keys nor values. */
#define SIZELESS_MAP(name, type, entries) NUMBERED_MAP(name, type, 0, 0, entries, 0)

#else

#define MAP(name, map_type, key_type, value_type, entries, flags) \
	struct { \
		__uint(type, map_type); \
		__uint(max_entries, entries); \
		__uint(map_flags, flags); \
		__type(key, key_type); \
		__type(value, value_type); \
	} name SEC(".maps")

#define KEYLESS_MAP(name, map_type, value_type, entries) \
	struct { \
		__uint(type, map_type); \
		__uint(max_entries, entries); \
		__type(value, value_type); \
	} name SEC(".maps")

#define SIZED_MAP(name, map_type, key_bytes, value_bytes, entries) \
	struct { \
		__uint(type, map_type); \
		__uint(max_entries, entries); \
		__uint(key_size, key_bytes); \
		__uint(value_size, value_bytes); \
	} name SEC(".maps")

#define SIZELESS_MAP(name, map_type, entries) \
	struct { \
		__uint(type, map_type); \
		__uint(max_entries, entries); \
	} name SEC(".maps")

#endif

/*
 * The program of each source is "use". It returns 77 where the map does what a map of its type does
 * in an XDP program, which is at least that the program may refer to it.
 */
#define DOES 77
#define DOES_NOT 1

/* A program that stores 77 under a key and finds it there. */
#define STORES(key_type, ...) \
	SEC("xdp") \
	int use(struct xdp_md *ctx) \
	{ \
		key_type key = __VA_ARGS__; \
		__u64 value = DOES, *found; \
\
		bpf_map_update_elem(&m, &key, &value, BPF_ANY); \
		found = bpf_map_lookup_elem(&m, &key); \
		return found ? *found : DOES_NOT; \
	}

/* A program that pushes 77 and sees it there. */
#define PUSHES \
	SEC("xdp") \
	int use(struct xdp_md *ctx) \
	{ \
		__u64 value = DOES; \
\
		bpf_map_push_elem(&m, &value, BPF_ANY); \
		return bpf_map_peek_elem(&m, &value) ? DOES_NOT : value; \
	}

/* A program that redirects to an unset element: the helper returns XDP_PASS, as it is told to. */
#define REDIRECTS \
	SEC("xdp") \
	int use(struct xdp_md *ctx) \
	{ \
		return bpf_redirect_map(&m, 0, XDP_PASS) == XDP_PASS ? DOES : DOES_NOT; \
	}

/* A program that refers to a map with which an XDP program can do nothing. */
#define REFERS \
	SEC("xdp") \
	int use(struct xdp_md *ctx) \
	{ \
		asm volatile("" : : "r"(&m)); \
		return DOES; \
	}

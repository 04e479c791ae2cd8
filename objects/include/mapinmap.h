/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Maps of maps, and programs that reach the maps in them. */
#pragma once
#include "bpf.h"

/* The inner map of every object that is not about another one. */
struct inner_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
};

/* A value that differs from that of inner_map. */
struct wide {
	__u64 a, b;
};

/* A map of maps of that type, with a key of 32 bits, whose elements are like the map template. */
#define OUTER(map_type, entries, template) \
	struct { \
		__uint(type, map_type); \
		__uint(max_entries, entries); \
		__type(key, __u32); \
		__array(values, template); \
	}

/* Stores number under key 7 in the map in a slot, if the slot holds one. */
#define STORE_IN_SLOT(outer, slot_number, number) \
	do { \
		__u32 slot = slot_number, key = 7; \
		__u64 value = number; \
		void *inner = bpf_map_lookup_elem(&outer, &slot); \
		if (inner) \
			bpf_map_update_elem(inner, &key, &value, BPF_ANY); \
	} while (0)

/* A program that stores 100 + number of the slot in the map in each of slots 0 to 3. */
#define STORE_IN_EVERY_SLOT(outer) \
	SEC("xdp") \
	int store(struct xdp_md *ctx) \
	{ \
		STORE_IN_SLOT(outer, 0, 100); \
		STORE_IN_SLOT(outer, 1, 101); \
		STORE_IN_SLOT(outer, 2, 102); \
		STORE_IN_SLOT(outer, 3, 103); \
		return XDP_PASS; \
	}

/* A program that returns XDP_PASS where a map is in slot 0, and XDP_DROP where none is. */
#define LOOK_IN_SLOT(outer) \
	SEC("xdp") \
	int look(struct xdp_md *ctx) \
	{ \
		__u32 slot = 0; \
		return bpf_map_lookup_elem(&outer, &slot) ? XDP_PASS : 1; \
	}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Map definitions and program sections that no loader knows, and that handlers of a driver make
 * sense of: docs/loader-protocol.md, Handlers.
 */
#pragma once
#include "bpf.h"

/* What the handler of section vendor_maps does with a definition. */
enum vendor_action {
	/* fills the definition in, and the loader makes the map */
	VENDOR_DEFINE = 1,
	/* makes the map itself, named vendor_supplied, and hands it to the loader */
	VENDOR_SUPPLY = 2,
	/* as define, and asks for the map to be pinned at PIN_ROOT/NAME, or used from there */
	VENDOR_PIN = 3,
	/* opens what is pinned at PIN_ROOT/NAME and hands it to the loader */
	VENDOR_REUSE = 4,
	/* says that it does not know the definition either */
	VENDOR_HAND_BACK = 5,
};

#define VENDOR_MAGIC 0x766e6472 /* "vndr" */

/* One map, in section vendor_maps: 32 bytes at the map's symbol. */
struct vendor_map {
	__u32 magic;
	__u32 action;
	__u32 type;
	__u32 key_size;
	__u32 value_size;
	__u32 max_entries;
	__u32 map_flags;
	__u32 numa_node; /* counts if map_flags has BPF_F_NUMA_NODE */
};

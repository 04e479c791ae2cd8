/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Definitions that no loader knows, for handlers: the layout of objects/include/vendor.h. */
#pragma once
#include "../bpf.h"

#define VENDOR_MAGIC 0x766e6472
enum { VENDOR_DEFINE = 1, VENDOR_SUPPLY = 2, VENDOR_PIN = 3, VENDOR_REUSE = 4, VENDOR_HAND_BACK = 5 };

struct vendor_map {
	__u32 magic, action, type, key_size, value_size, max_entries, map_flags, numa_node;
};

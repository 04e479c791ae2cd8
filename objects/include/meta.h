/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The structure that programs of xdphints ask for, as they know it. What they find is another:
 * objects/xdphints/target.bpf.c.
 */
#pragma once

#include "core.h"

#define META_AT 64    /* where it begins in a packet */
#define META_MOST 192 /* bytes, of the largest form that it has */

enum loadstone_kind { LOADSTONE_PLAIN = 1, LOADSTONE_TAGGED = 2, LOADSTONE_GONE = 3 };

struct loadstone_tag {
	__u32 outer;
	struct {
		__u16 low;
		__u16 high;
	} deep;
} relocatable;

struct loadstone_meta {
	__u64 stamp;
	__u32 hash;
	__u16 vlan;
	__u8 queue;
	signed char level;
	enum loadstone_kind kind;
	void *ring;
	__u32 flags : 3;
	__s32 drift : 5;
	struct loadstone_tag tag;
	__u32 slots[4];
	struct loadstone_tag tags[2];
	union {
		__u32 first;
		struct {
			__u16 second;
			__u16 third;
		};
	};
} relocatable;

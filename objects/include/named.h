/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Types that programs of xdphints ask for by their names, as they know them. */
#pragma once

#include "core.h"

struct loadstone_named {
	__u32 first;
	__u64 second;
};

union loadstone_either {
	__u32 word;
	__u16 half;
};

enum loadstone_choice { LOADSTONE_YES = 1, LOADSTONE_NO = 2, LOADSTONE_PERHAPS = 0x7654321 };

enum loadstone_wide { LOADSTONE_WIDE = 0x123456789a, LOADSTONE_BELOW = -5 };

typedef __u32 loadstone_number;
typedef int (*loadstone_call)(struct loadstone_named *named, __u32 number);
typedef struct loadstone_named loadstone_row[3];
typedef struct loadstone_named *loadstone_pointer;

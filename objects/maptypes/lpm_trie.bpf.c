// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A trie of prefixes. The kernel wants it without preallocation.
#include "both_ways.h"

struct prefix {
	__u32 bits;
	__u8 address[4];
};

MAP(m, BPF_MAP_TYPE_LPM_TRIE, struct prefix, __u32, 32, BPF_F_NO_PREALLOC);

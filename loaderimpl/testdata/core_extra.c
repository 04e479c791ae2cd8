// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that is fitted to types which no kernel has: a caller gives them.
#include "bpf.h"

struct loadstone_meta {
	int mark;
} __attribute__((preserve_access_index));

SEC("xdp") int offset(void *ctx)
{
	return __builtin_preserve_field_info(((struct loadstone_meta *)0)->mark, 0);
}

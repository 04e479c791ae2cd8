// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A socket filter without maps.
#include "bpf.h"

SEC("socket")
int count(void *ctx)
{
	return 0;
}

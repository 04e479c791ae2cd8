// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A function that is declared and not defined.
#include "../bpf.h"

extern int elsewhere(void);

SEC("xdp") int use(void *ctx)
{
	return elsewhere();
}

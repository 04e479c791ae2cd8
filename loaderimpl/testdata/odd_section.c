// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program whose section says nothing, and one that needs something to attach to.
#include "bpf.h"

SEC("prog/mine") int nameless(void *ctx) { return XDP_PASS; }
SEC("?fentry") int nowhere(void *ctx) { return 0; }

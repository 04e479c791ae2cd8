// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A table of stack traces, each of 16 frames of 8 bytes.
#include "four_ways.h"

SIZED_MAP(m, BPF_MAP_TYPE_STACK_TRACE, 4, 128, 32);

REFERS

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A ring buffer of 64 KiB: a whole number of pages, be a page 4, 16 or 64 KiB.
#include "both_ways.h"

SIZELESS_MAP(m, BPF_MAP_TYPE_RINGBUF, 65536);

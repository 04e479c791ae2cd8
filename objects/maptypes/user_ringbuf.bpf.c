// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A ring buffer that user space writes, of 64 KiB.
#include "four_ways.h"

SIZELESS_MAP(m, BPF_MAP_TYPE_USER_RINGBUF, 65536);

REFERS

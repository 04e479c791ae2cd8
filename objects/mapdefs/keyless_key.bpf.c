// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map whose type has no keys, with a key of 4 bytes.
//
// variants:
//   queue_with_key: TYPE=BPF_MAP_TYPE_QUEUE VALUE_SIZE=8 ENTRIES=4 // A queue with a key.
//   stack_with_key: TYPE=BPF_MAP_TYPE_STACK // A stack with a key.
//   bloom_filter_with_key: TYPE=BPF_MAP_TYPE_BLOOM_FILTER // A Bloom filter with a key.
//   ringbuf_with_key: TYPE=BPF_MAP_TYPE_RINGBUF VALUE_SIZE=0 ENTRIES=4096
//       // A ring buffer with a key.
#include "four_ways.h"

SIZED_MAP(m, TYPE, 4, VALUE_SIZE, ENTRIES);

REFERS

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A legacy map that ends before the number of its entries.
#include "../bpf.h"

struct {
	__u32 type, key_size, value_size;
} m SEC("maps") = { MAP_ARRAY, 4, 8 };

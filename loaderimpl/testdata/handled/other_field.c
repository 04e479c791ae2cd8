// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A field that a vendor's handler knows, and one that it does not, which has bytes of its own.
#include "vendor.h"

struct {
	__uint(type, MAP_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(vendor_entries, 3);
	__u32 vendor_other;
} m SEC(".maps") = { .vendor_other = 9 };

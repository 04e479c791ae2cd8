// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of maps that says beside their template what its values are.
//
// variants:
//   value_size_four: VALUE=__uint(value_size, 4);
//       // An array of maps that says the size of its values, 4.
//   value_size_eight: VALUE=__uint(value_size, 8);
//       // An array of maps that says that its values have 8 bytes, where the kernel wants 4.
//   value_size_zero: VALUE=__uint(value_size, 0);
//       // An array of maps that says that its values have no size.
//   value_type: VALUE=__type(value, __u32);
//       // An array of maps that says the type of its values, a number of 32 bits.
#include "mapinmap.h"

struct inner_map inner_zero SEC(".maps");
struct inner_map inner_one SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	VALUE
	__array(values, struct inner_map);
} outer SEC(".maps") = {
	.values = { [0] = (void *)&inner_zero, [1] = (void *)&inner_one },
};

STORE_IN_EVERY_SLOT(outer)

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A structure without a program or a value, beside one more.
//
// variants:
//   any: SECTION=LINKED TYPE=loadstone_no_such_ops
//       // A structure that no kernel has, for a link. A spec gives it the name of one that the
//       kernel has.
//   any_by_map: SECTION=UNLINKED // A structure that no kernel has, for its map.
//   any_optional: SECTION="?.struct_ops.link"
//       // A structure that no kernel has, in a section that is left out unless it is asked for.
//   any_empty_tcp: TYPE=tcp_congestion_ops // A congestion control without a program or a name.
#include "struct_ops.h"

struct TYPE {
	int loadstone_unknown;
};

SEC(SECTION)
struct TYPE any = { 0 };

/* A map that is there whether or not the structure is. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} beside SEC(".maps");

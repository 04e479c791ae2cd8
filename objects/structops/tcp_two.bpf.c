// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two congestion controls, first and second.
//
// variants:
//   two: FIRST=LINKED SECOND=LINKED TITLE="ls_tcp_second"
//       // Two congestion controls that links register.
//   two_same_name: TITLE="ls_tcp_first" // The two, with one name.
//   two_by_map: FIRST=UNLINKED SECOND=UNLINKED // The two, which their maps register.
//   two_by_map_same_name: FIRST=UNLINKED SECOND=UNLINKED TITLE="ls_tcp_first"
//       // The two with one name, which their maps register.
//   two_mixed: SECOND=UNLINKED // The two, of which a link registers one and its map the other.
//   two_mixed_same_name: SECOND=UNLINKED TITLE="ls_tcp_first"
//       // The two with one name, of which a link registers one and its map the other.
//   two_one_optional: SECOND="?.struct_ops.link"
//       // The two, of which one is left out unless it is asked for.
#include "struct_ops.h"

struct tcp_congestion_ops {
	TCP_MEMBERS;
};

START(start_first, 4011)
START(start_second, 4012)
THRESHOLD(threshold)
UNDO(undo)
AVOID(avoid)

SEC(FIRST)
struct tcp_congestion_ops first = {
	.init = (void *)start_first,
	.ssthresh = (void *)threshold,
	.cong_avoid = (void *)avoid,
	.undo_cwnd = (void *)undo,
	.name = "ls_tcp_first",
};

SEC(SECOND)
struct tcp_congestion_ops second = {
	.init = (void *)start_second,
	.ssthresh = (void *)threshold,
	.cong_avoid = (void *)avoid,
	.undo_cwnd = (void *)undo,
	.name = TITLE,
};

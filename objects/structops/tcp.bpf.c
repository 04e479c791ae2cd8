// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A congestion control for TCP.
//
// variants:
//   tcp: SECTION=LINKED TITLE="ls_tcp" MARK=4001
//       // A congestion control for TCP, which a link registers. The others differ from it in what
//       their names say.
//   tcp_by_map: SECTION=UNLINKED TITLE="ls_tcp_map" MARK=4002
//       // The congestion control, which its map registers.
//   tcp_optional: SECTION="?.struct_ops.link"
//       // The congestion control in a section that is left out unless it is asked for.
//   tcp_optional_by_map: SECTION="?.struct_ops"
//       // The congestion control in a section that is left out unless it is asked for, which its
//       map registers.
//   tcp_title_empty: TITLE="" // The congestion control without a name.
//   tcp_title_space: TITLE="ls tcp" // The congestion control with a space in its name.
//   tcp_title_full: TITLE="ls_tcp_full_name" // The congestion control with a name of 16 bytes, so
//       that no zero ends it.
//   tcp_title_long: TITLE="ls_tcp_long_nam"
//       // The congestion control with a name of 15 bytes, the longest.
//   tcp_title_kernel: TITLE="reno"
//       // The congestion control with the name of one that every kernel has.
#include "struct_ops.h"

struct tcp_congestion_ops {
	TCP_MEMBERS;
};

START(start, MARK)
THRESHOLD(threshold)
UNDO(undo)
AVOID(avoid)

SEC(SECTION)
struct tcp_congestion_ops ca = {
	TCP_VALUES(TITLE),
};

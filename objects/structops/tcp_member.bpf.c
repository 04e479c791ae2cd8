// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A congestion control with some of the functions that the kernel wants, or with others.
//
// variants:
//   member_flags: THRESHOLD_MEMBER=1 UNDO_MEMBER=1 AVOID_MEMBER=1 CONTROL_MEMBER=0 INFO_MEMBER=0
//       FLAGS=TCP_CONG_NEEDS_ECN SECTION=LINKED
//       // A congestion control with the functions that the kernel wants, and a flag.
//   member_flags_unknown: FLAGS=0x80
//       // The congestion control with a flag that no kernel knows.
//   member_no_ssthresh: THRESHOLD_MEMBER=0 FLAGS=0 // The congestion control without ssthresh.
//   member_no_undo_cwnd: UNDO_MEMBER=0 FLAGS=0 // The congestion control without undo_cwnd.
//   member_no_cong_avoid: AVOID_MEMBER=0 FLAGS=0
//       // The congestion control with neither cong_avoid nor cong_control.
//   member_cong_control: AVOID_MEMBER=0 CONTROL_MEMBER=1 FLAGS=0
//       // The congestion control with cong_control in the place of cong_avoid.
//   member_get_info: INFO_MEMBER=1 FLAGS=0
//       // The congestion control with get_info, which the kernel lets no program be.
//   member_flags_unknown_by_map: FLAGS=0x80 SECTION=UNLINKED
//       // The congestion control with a flag that no kernel knows, which its map registers.
#include "struct_ops.h"

struct tcp_congestion_ops {
	TCP_MEMBERS;
	__u32 flags;
	void (*cong_control)(void *sk, __u32 ack, int flag, const void *sample);
	__u64 (*get_info)(void *sk, __u32 extensions, int *attribute, void *info);
};

#if THRESHOLD_MEMBER
THRESHOLD(threshold)
#endif
#if UNDO_MEMBER
UNDO(undo)
#endif
#if AVOID_MEMBER
AVOID(avoid)
#endif
#if CONTROL_MEMBER
FUNCTION(cong_control, control)
{
	return 0;
}
#endif
#if INFO_MEMBER
FUNCTION(get_info, get)
{
	return 0;
}
#endif

SEC(SECTION)
struct tcp_congestion_ops ca = {
	.name = "ls_tcp_member",
	.flags = FLAGS,
#if THRESHOLD_MEMBER
	.ssthresh = (void *)threshold,
#endif
#if UNDO_MEMBER
	.undo_cwnd = (void *)undo,
#endif
#if AVOID_MEMBER
	.cong_avoid = (void *)avoid,
#endif
#if CONTROL_MEMBER
	.cong_control = (void *)control,
#endif
#if INFO_MEMBER
	.get_info = (void *)get,
#endif
};

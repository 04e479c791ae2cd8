// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A congestion control whose structure is of another layout than the kernel's.
//
// variants:
//   layout: BEFORE= MEMBERS=TCP_MEMBERS; AFTER= MORE= SUFFIX= PROGRAMS=
//       NAMED=.name = "ls_tcp_layout"
//       // A congestion control with the members that most objects know. The others differ from it
//       in what their names say.
//   layout_backwards: MEMBERS=TCP_MEMBERS_BACKWARDS;
//       // The congestion control with its members in another order.
//   layout_flavour: SUFFIX=___mine
//       // The congestion control in a structure whose name says that it is a flavour of the
//       kernel's.
//   layout_unknown_zero: BEFORE=__u64 loadstone_unknown;
//       // The congestion control with a member before all others that no kernel has, and that is
//       zero.
//   layout_unknown_zero_function: BEFORE=void (*loadstone_unknown)(void *sk);
//       // The congestion control with a function before all others that no kernel has, and that is
//       none.
//   layout_unknown_number: AFTER=__u64 loadstone_unknown; MORE=.loadstone_unknown = 1
//       // The congestion control with a number that no kernel has, and that is 1.
//   layout_unknown_text: AFTER=char loadstone_unknown[8]; MORE=.loadstone_unknown = "some"
//       // The congestion control with a text that no kernel has.
//   layout_unknown_function: AFTER=void (*loadstone_unknown)(void *sk);
//       MORE=.loadstone_unknown = (void *)other PROGRAMS=OTHER(loadstone_unknown)
//       // The congestion control with a function that no kernel has, and a program for it.
//   layout_flags_wide: AFTER=__u64 flags; MORE=.flags = TCP_CONG_NEEDS_ECN
//       // The congestion control with 8 bytes for a number of 4.
//   layout_flags_narrow: AFTER=__u16 flags; MORE=.flags = TCP_CONG_NEEDS_ECN
//       // The congestion control with 2 bytes for a number of 4.
//   layout_flags_struct: AFTER=struct { __u32 bits; } flags; MORE=.flags.bits = TCP_CONG_NEEDS_ECN
//       // The congestion control with a structure for a number.
//   layout_flags_bits: AFTER=__u32 flags : 8; MORE=.flags = TCP_CONG_NEEDS_ECN
//       // The congestion control with a bitfield for a number.
//   layout_flags_function: AFTER=void (*flags)(void *sk); MORE=.flags = (void *)other
//       PROGRAMS=OTHER(flags)
//       // The congestion control with a function for a number.
//   layout_name_short: MEMBERS=TCP_FUNCTIONS_ONLY; AFTER=char name[8]; NAMED=.name = "ls_shrt"
//       // The congestion control with 8 bytes for a text of 16.
//   layout_function_number: MEMBERS=TCP_FUNCTIONS_ONLY; AFTER=char name[16]; __u64 release;
//       MORE=.release = 1
//       // The congestion control with a number for a function.
//   layout_owner: AFTER=void *owner; MORE=.owner = &elsewhere PROGRAMS=__u64 elsewhere = 1;
//       // The congestion control with an address of its own for a pointer of the kernel's.
#include "struct_ops.h"

#define TCP_FUNCTIONS_ONLY \
	void (*init)(void *sk); \
	__u32 (*ssthresh)(void *sk); \
	void (*cong_avoid)(void *sk, __u32 ack, __u32 acked); \
	__u32 (*undo_cwnd)(void *sk)

#define TCP_MEMBERS_BACKWARDS \
	char name[TCP_CA_NAME_MAX]; \
	__u32 (*undo_cwnd)(void *sk); \
	void (*cong_avoid)(void *sk, __u32 ack, __u32 acked); \
	__u32 (*ssthresh)(void *sk); \
	void (*init)(void *sk)

#define JOIN(a, b) a##b
#define STRUCTURE(suffix) JOIN(tcp_congestion_ops, suffix)

struct STRUCTURE(SUFFIX) {
	BEFORE
	MEMBERS
	AFTER
};

TCP_FUNCTIONS(4003)

#define OTHER(member) \
	FUNCTION(member, other) \
	{ \
		return 0; \
	}

PROGRAMS

SEC(LINKED)
struct STRUCTURE(SUFFIX) ca = {
	.init = (void *)start,
	.ssthresh = (void *)threshold,
	.cong_avoid = (void *)avoid,
	.undo_cwnd = (void *)undo,
	NAMED,
	MORE
};

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map whose types have names that some kernels refuse.
//
// variants:
//   name_plain: STRUCT=plain MEMBER=odd // A map whose types have names that every kernel takes.
//   name_struct_200: STRUCT=LONG
//       // A map with a struct of 200 letters, 72 too many before Linux 6.1.
//   name_member_200: MEMBER=LONG
//       // A map with a member of 200 letters, 72 too many before Linux 6.1.
//   name_struct_600: STRUCT=LONGER
//       // A map with a struct of 600 letters, too many for every kernel.
//   name_struct_utf8: STRUCT=gr\u00f6\u00dfe
//       // A map with a struct whose name has letters beyond ASCII, which no kernel takes.
//   name_member_utf8: MEMBER=gr\u00f6\u00dfe
//       // A map with a member whose name has letters beyond ASCII, which no kernel takes.
//   name_struct_dollar: STRUCT=a$b
//       // A map with a struct whose name has a dollar, which no kernel takes.
#include "bpf.h"

#define TEN(x) x##x##x##x##x##x##x##x##x##x
#define TEN_OF(x) TEN(x)
#define TWENTY_LETTERS abcdefghijklmnopqrst
#define JOIN(a, b) a##b
#define JOIN_OF(a, b) JOIN(a, b)
#define LONG TEN_OF(TWENTY_LETTERS)
#define LONGER JOIN_OF(LONG, JOIN_OF(LONG, LONG))

struct STRUCT {
	__u32 MEMBER;
	__u32 last;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct STRUCT);
} m SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}

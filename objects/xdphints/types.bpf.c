// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What the types of objects/include/named.h are elsewhere: types without a program.
//
// variants:
//   types_same: PREFIX=loadstone WORD=struct MEMBERS=__u32 first; __u64 second; MORE=
//       NAMES=LOADSTONE_YES = 1, LOADSTONE_NO = 2, LOADSTONE_PERHAPS = 0x7654321
//       NUMBER=__u32 PARAMETERS=struct NAME(named) *named, __u32 number ROW=3 STARS=*
//       WIDE=LOADSTONE_WIDE = 0x123456789a, LOADSTONE_BELOW = -5
//       // The types as programs know them.
//   types_grown: MEMBERS=__u64 before; __u64 second; __u32 first; MORE=__u64 more;
//       // Types with more in them, in another order.
//   types_numbers: MEMBERS=__s32 first; __u32 second; NUMBER=__s64
//       // Types of numbers of other sizes and signs.
//   types_fewer: PARAMETERS=struct NAME(named) *named // A function of fewer parameters.
//   types_others: PARAMETERS=__u32 number, __u32 more // A function of other parameters.
//   types_rows: ROW=4 STARS=** // An array of another length, and a pointer to a pointer.
//   types_union: WORD=union PARAMETERS=union NAME(named) *named, __u32 number
//       // A union where programs know a structure.
//   types_choices: NAMES=LOADSTONE_YES = 11, LOADSTONE_NO = 12, LOADSTONE_MORE = 13
//       WIDE=LOADSTONE_WIDE = 0x210000000f, LOADSTONE_ABOVE = -5
//       // Enumerations with other numbers, and without one of their names.
//   types_none: PREFIX=loadstone_other // Types of other names.
#include "bpf.h"

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define NAME(word) JOIN(PREFIX, word)

WORD NAME(named) {
	MEMBERS
} *named;

union NAME(either) {
	__u32 word;
	__u16 half;
	MORE
} *either;

enum NAME(choice) { NAMES } *choice;
enum NAME(wide) { WIDE } *wide;

typedef NUMBER NAME(number);
typedef int (*NAME(call))(PARAMETERS);
typedef WORD NAME(named) NAME(row)[ROW];
typedef WORD NAME(named) STARS NAME(pointer);

NAME(number) *number;
NAME(call) *call;
NAME(row) *row;
NAME(pointer) *pointer;

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A form that the structure of objects/include/meta.h has elsewhere: types without a program. Each
// variant is another form.
//
// variants:
//   target_same: WORD=struct NAME=loadstone_meta HEAD= HASH=__u32 hash; VLAN=__u16 vlan;
//       LEVEL=signed char level; KIND=enum loadstone_kind kind; RING=void *ring;
//       BITS=__u32 flags : 3; __s32 drift : 5; TAG=struct loadstone_tag tag;
//       DEEP=__u32 outer; struct { __u16 low; __u16 high; } deep; SLOTS=__u32 slots[4];
//       ANON=union { __u32 first; struct { __u16 second; __u16 third; }; }; MORE=
//       // The structure as programs know it.
//   target_moved: HEAD=__u64 before[3]; // The structure with all fields further back.
//   target_wider: HASH=__u64 hash; VLAN=__u32 vlan; // Numbers of more bytes.
//   target_narrower: HASH=__u16 hash; VLAN=__u8 vlan; // Numbers of fewer bytes.
//   target_renamed: HASH=__u32 digest; // A field of another name.
//   target_bits_moved: BITS=__u32 lead : 7; __u32 flags : 6; __s32 drift : 11;
//       // Fields of more bits, elsewhere.
//   target_bits_across: BITS=__u32 lead : 30; __u32 flags : 2; __s32 drift : 20;
//       // Fields of bits in two words.
//   target_bits_plain: BITS=__u8 flags; short drift;
//       // Fields of bits that have bytes of their own.
//   target_nested_moved: DEEP=struct { __u16 high; __u32 pad; __u16 low; } deep; __u32 outer;
//       // The structure with another order in the structures inside it.
//   target_array_longer: SLOTS=__u32 slots[9]; // An array of more elements.
//   target_array_wider: SLOTS=__u64 slots[4]; // An array of larger elements.
//   target_array_shorter: SLOTS=__u32 slots[2]; // An array that ends before the element asked for.
//   target_array_open: SLOTS= ANON=union { __u32 first; struct { __u16 second; __u16 third; }; };
//       __u32 slots[]; // An array without a length, at the end.
//   target_array_none: SLOTS=__u32 slots; // A number where programs know an array.
//   target_hash_array: HASH=__u32 hash[1]; // An array where programs know a number.
//   target_anonymous_deeper:
//       ANON=struct { union { struct { __u16 third; }; __u32 first; }; __u16 second; };
//       // Structures without names, in another order.
//   target_anonymous_flat: ANON=__u16 second; __u16 third; __u32 first;
//       // Fields by themselves that programs know in structures without names.
//   target_anonymous_named: ANON=struct { __u32 first; __u16 second; __u16 third; } named;
//       // Fields in a structure with a name that programs know in one without.
//   target_dressed: HASH=const volatile digest_t hash; RING=struct loadstone_ring *const ring;
//       KIND=const enum loadstone_kind kind; TAG=volatile tag_t tag;
//       // Fields whose types are other names of the same, const and volatile.
//   target_hash_pointer: HASH=void *hash; // A pointer where programs know a number.
//   target_hash_float: HASH=float hash; // A fraction where programs know a number.
//   target_kind_number: KIND=__u32 kind; // A number where programs know an enumeration.
//   target_ring_number: RING=__u64 ring; // A number where programs know a pointer.
//   target_tag_none: TAG= // The structure without one that it has inside.
//   target_tag_number: TAG=__u32 tag; // A number where programs know a structure.
//   target_tag_array: TAG=struct loadstone_tag tag[1]; // An array where programs know a structure.
//   target_tag_pointer: TAG=struct loadstone_tag *tag;
//       // A pointer where programs know a structure.
//   target_tag_deeper: TAG=struct { struct loadstone_tag inner; } tag;
//       // A structure that is deeper inside than programs know.
//   target_level_wider: LEVEL=int level; // A number with a sign, of more bytes.
//   target_level_unsigned: LEVEL=unsigned char level; // A number that has lost its sign.
//   target_flavor: NAME=loadstone_meta___second // The structure by a name of its own variant.
//   target_other: NAME=loadstone_other // The structure by another name.
//   target_union: WORD=union // A union where programs know a structure.
//   target_twice: MORE=struct loadstone_meta___twice { __u64 stamp; __u32 hash; } *more;
//       // The structure, and a variant of it with the same beginning.
//   target_two: MORE=struct loadstone_meta___two { __u32 hash; __u64 stamp; } *more;
//       // The structure, and a variant of it with another order.
//   target_halves: HASH= MORE=struct loadstone_meta___half { __u32 before; __u32 hash; } *more;
//       // The structure without a field, and a variant of it that has nothing else.
//   target_cycle: RING=struct NAME *ring;
//       MORE=struct loadstone_meta___none { struct loadstone_meta___none *none; } *more;
//       // The structure with pointers to itself.
#include "bpf.h"

typedef __u32 digest_t;
struct loadstone_ring {
	int unused;
};

enum loadstone_kind { LOADSTONE_PLAIN = 1, LOADSTONE_TAGGED = 2, LOADSTONE_GONE = 3 };

struct loadstone_tag {
	DEEP
};
typedef struct loadstone_tag tag_t;

WORD NAME {
	HEAD
	__u64 stamp;
	HASH
	VLAN
	__u8 queue;
	LEVEL
	KIND
	RING
	BITS
	TAG
	SLOTS
	struct loadstone_tag tags[2];
	ANON
};

MORE

/* The compiler leaves out types of which there is nothing. */
WORD NAME *one;

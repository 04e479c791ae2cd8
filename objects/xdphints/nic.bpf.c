// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What a driver says of the metadata that it writes: types without a program.
//
// variants:
//   nic_a: FORM=1 // A driver that writes a time, a hash and a VLAN.
//   nic_b: FORM=2 // A driver that writes them in another order, and larger.
//   nic_c: FORM=3 // A driver that writes no hash.
//   nic_both: FORM=4 // A driver that writes two layouts.
//   nic_first: FORM=5 // A driver that writes the first of two layouts.
//   nic_second: FORM=6 // A driver that writes the second of two layouts.
//   nic_union: FORM=7 // A driver that writes a union, and says which of it.
//   nic_union_other: FORM=8 // A driver that has the union in another form, with other numbers.
#include "bpf.h"

#if FORM == 1
struct loadstone_rx {
	__u64 stamp;
	__u32 hash;
	__u16 vlan;
} *rx;
#elif FORM == 2
struct loadstone_rx {
	__u32 vlan;
	__u32 queue;
	__u32 hash;
	__u32 length;
	__u64 stamp;
} *rx;
#elif FORM == 3
struct loadstone_rx {
	__u16 vlan;
	__u16 kind;
	__u32 length;
	__u64 stamp;
} *rx;
#endif

#if FORM == 4 || FORM == 5
struct loadstone_rx_first {
	__u16 vlan;
	__u32 hash;
	__u64 stamp;
	__u64 spare;
	__u32 more;
	__u32 word; /* the number of the type */
} *first;
#endif
#if FORM == 4 || FORM == 6
struct loadstone_rx_second {
	__u64 spare;
	__u64 stamp;
	__u32 vlan;
	__u32 hash;
	__u32 more;
	__u32 word; /* the number of the type */
} *second;
#endif

#if FORM == 7
enum loadstone_rx_kind { LOADSTONE_RX_FOUR = 4, LOADSTONE_RX_SIX = 6 };

struct loadstone_rx_any {
	enum loadstone_rx_kind kind;
	union {
		struct loadstone_rx_four {
			__u32 hash;
			__u64 stamp;
		} four;
		struct loadstone_rx_six {
			__u64 stamp;
			__u32 hash;
			__u16 vlan;
		} six;
	};
} *any;
#elif FORM == 8
enum loadstone_rx_kind { LOADSTONE_RX_NONE, LOADSTONE_RX_SIX = 1000, LOADSTONE_RX_FOUR };

struct loadstone_rx_any {
	union {
		struct loadstone_rx_six {
			__u16 vlan;
			__u64 stamp;
			__u32 hash;
		} six;
		struct loadstone_rx_four {
			__u64 stamp;
			__u32 spare;
			__u32 hash;
		} four;
	};
	enum loadstone_rx_kind kind;
} *any;
#endif

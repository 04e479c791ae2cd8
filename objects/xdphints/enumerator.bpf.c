// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that asks for the names of an enumeration: whether they are there, and their values.
//
// variants:
//   enumerators: WIDTH=32 // Asks for names of an enumeration whose numbers have 32 bits.
//   enumerators_wide: WIDTH=64 // Asks for names of an enumeration whose numbers have 64 bits.
#include "named.h"

struct answers answers SEC(".maps");

#define ask(place, type, name) do { \
	tell(&answers, place, enumerator_exists(type, name)); \
	if (enumerator_exists(type, name)) \
		tell(&answers, place + 1, enumerator_value(type, name)); \
} while (0)

SEC("xdp")
int reader(struct xdp_md *ctx)
{
#if WIDTH == 32
	ask(0, enum loadstone_choice, LOADSTONE_YES);
	ask(2, enum loadstone_choice, LOADSTONE_NO);
	ask(4, enum loadstone_choice, LOADSTONE_PERHAPS);
#else
	ask(0, enum loadstone_wide, LOADSTONE_WIDE);
	ask(2, enum loadstone_wide, LOADSTONE_BELOW);
#endif
	return 1;
}

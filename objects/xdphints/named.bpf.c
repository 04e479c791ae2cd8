// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that asks for types, and tells in a map what it is told of each.
//
// variants:
//   type_exists: ASK=type_exists // Asks whether each type is there.
//   type_size: ASK=type_size // Asks how large each type is, in bytes.
//   type_matches: ASK=type_matches // Asks whether each type is what programs know.
//   type_id_here: ASK=type_id_here // Asks for the numbers of types in the object.
//   type_id_there: ASK=type_id_there // Asks for the numbers of types where the program runs.
#include "named.h"

struct answers answers SEC(".maps");

SEC("xdp")
int reader(struct xdp_md *ctx)
{
	tell(&answers, 0, ASK(struct loadstone_named));
	tell(&answers, 1, ASK(union loadstone_either));
	tell(&answers, 2, ASK(enum loadstone_choice));
	tell(&answers, 3, ASK(loadstone_number));
	tell(&answers, 4, ASK(loadstone_call));
	tell(&answers, 5, ASK(loadstone_row));
	tell(&answers, 6, ASK(loadstone_pointer));
	return 1;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that reads one field without asking whether it is there, and tells it in a map. It can
// be loaded where the field is.
//
// variants:
//   live_hash: READ=m->hash // Reads a number.
//   live_level: READ=m->level // Reads a number with a sign.
//   live_kind: READ=m->kind // Reads an enumeration.
//   live_ring: READ=m->ring // Reads a pointer.
//   live_flags: READ=read_bits(m, flags) // Reads a field of bits.
//   live_deep: READ=m->tag.deep.high // Reads a field of a structure in a structure.
//   live_slot: READ=m->slots[2] // Reads an element of an array.
//   live_third: READ=m->third // Reads a field of a structure without a name.
//   live_both: READ=m->hash + m->vlan // Reads two fields.
//   live_name: READ=m && enumerator_value(enum loadstone_choice, LOADSTONE_PERHAPS)
//       // Asks for an enumerator.
//   live_flavor: READ=((struct loadstone_meta___first *)m)->hash
//       // Reads a field by a variant that the program has of the structure.
//   live_wrong: READ=((struct loadstone_meta_first *)m)->hash
//       // Reads a field of a structure by a name that is no variant's.
#include "meta.h"
#include "named.h"

struct loadstone_meta___first {
	__u32 hash;
} relocatable;

struct loadstone_meta_first {
	__u32 hash;
} relocatable;

struct answers answers SEC(".maps");

SEC("xdp")
int reader(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct loadstone_meta *m = data + META_AT;

	if (data + META_AT + META_MOST > end)
		return 0;
	asm volatile("" : "+r"(m)); /* so that the offset is in the load */
	tell(&answers, 0, (__u64)(READ));
	return 1;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that asks for what a structure is like where it runs, and tells it in a map. The
// structure begins in byte 64 of the packet. The places of the answers are those of the fields in
// suites/xdphints/field.go.
//
// variants:
//   read: ASK=READ SIGNS=0 // Reads each field that exists.
//   offset: ASK=OFFSET // Asks where each field is, in bytes.
//   size: ASK=SIZE // Asks how large each field is, in bytes.
//   exists: ASK=EXISTS // Asks whether each field exists.
//   sign: ASK=SIGN SIGNS=1 // Asks whether each field but a pointer and an array has a sign.
//   shift: ASK=SHIFT // Asks where fields of bits are in a word.
#include "meta.h"

struct answers answers SEC(".maps");

/* What is asked of each field that exists. One that does not has the answer 0. */
#define READ(place, m, field) told(place, m, field, m->field)
#define OFFSET(place, m, field) told(place, m, field, field_offset(m->field))
#define SIZE(place, m, field) told(place, m, field, field_size(m->field))
#define SIGN(place, m, field) told(place, m, field, field_signed(m->field))
#define EXISTS(place, m, field) tell(&answers, place, field_exists(m->field))
#define SHIFT(place, m, field)

#define told(place, m, field, number) do { \
	if (field_exists(m->field)) \
		tell(&answers, place, (__u64)(number)); \
} while (0)

/* What is asked of fields of bits. */
#define READ_BITS(place, m, field) told(place, m, field, read_bits(m, field))
#define OFFSET_BITS OFFSET
#define SIZE_BITS SIZE
#define SIGN_BITS SIGN
#define EXISTS_BITS EXISTS
#define SHIFT_BITS(place, m, field) do { \
	if (field_exists(m->field)) { \
		tell(&answers, 5 * (place - 14), field_offset(m->field)); \
		tell(&answers, 5 * (place - 14) + 1, field_size(m->field)); \
		tell(&answers, 5 * (place - 14) + 2, field_left(m->field)); \
		tell(&answers, 5 * (place - 14) + 3, field_right(m->field)); \
		tell(&answers, 5 * (place - 14) + 4, field_signed(m->field)); \
	} \
} while (0)

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define ASK_BITS JOIN(ASK, _BITS)

SEC("xdp")
int reader(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct loadstone_meta *m = data + META_AT;

	if (data + META_AT + META_MOST > end)
		return 0;
	asm volatile("" : "+r"(m)); /* so that offsets are in the loads */
	ASK(0, m, stamp);
	ASK(1, m, hash);
	ASK(2, m, vlan);
	ASK(3, m, queue);
	ASK(4, m, level);
	ASK(5, m, kind);
#if SIGNS == 0 /* the compiler knows no sign of a pointer, and libbpf none of an element */
	ASK(6, m, ring);
	ASK(9, m, slots[2]);
#endif
	ASK(7, m, tag.outer);
	ASK(8, m, tag.deep.high);
	ASK(10, m, tags[1].deep.low);
	ASK(11, m, first);
	ASK(12, m, third);
	ASK(13, m, tag.deep.low);
	ASK_BITS(14, m, flags);
	ASK_BITS(15, m, drift);
	return 1;
}

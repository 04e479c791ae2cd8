// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two programs: a driver, which writes metadata before a packet, and a reader, which knows the
// metadata by its types alone, and notes what it has read of each frame. The driver calls the
// reader by the first slot of an array.
//
// variants:
//   hints_one: FORM=1 // A reader of metadata of one layout.
//   hints_by_id: FORM=2 // A reader of two layouts, which the number of a type tells apart.
//   hints_by_word: FORM=3 // A reader of two layouts, which a number of its own tells apart.
//   hints_by_union: FORM=4 // A reader of a union of two layouts.
#include "rx.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MOST_FRAMES);
	__type(key, __u32);
	__type(value, struct seen);
} frames SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 4);
} next SEC(".maps");

SEC("xdp")
int driver(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *meta;

	if (data + FRAME_LEN > (__u8 *)(long)ctx->data_end || data[12] != 0x88 || data[13] != 0xb6)
		return XDP_PASS;
	if (bpf_xdp_adjust_meta(ctx, -META_LEN))
		return XDP_PASS;
	data = (void *)(long)ctx->data;
	meta = (void *)(long)ctx->data_meta;
	if (meta + META_LEN > data || data + FRAME_LEN > (__u8 *)(long)ctx->data_end)
		return XDP_PASS;
	for (int i = 0; i < META_LEN; i += 8)
		*(__u64 *)(meta + i) = *(__u64 *)(data + FRAME_META + i);
	bpf_tail_call(ctx, &next, 0);
	return XDP_PASS;
}

/* What a driver may write: each may be of other sizes, in another order, and missing. */
#define RX(name) struct name { \
	__u64 stamp; \
	__u32 hash; \
	__u16 vlan; \
} relocatable

#define note(seen, rx, which) do { \
	if (field_exists(rx->stamp)) \
		seen->stamp = rx->stamp; \
	if (field_exists(rx->hash)) \
		seen->hash = rx->hash; \
	if (field_exists(rx->vlan)) \
		seen->vlan = rx->vlan; \
	seen->layout = which; \
} while (0)

#if FORM == 1
RX(loadstone_rx);
#elif FORM == 2 || FORM == 3
RX(loadstone_rx_first);
RX(loadstone_rx_second);
#else
RX(loadstone_rx_four);
RX(loadstone_rx_six);

enum loadstone_rx_kind { LOADSTONE_RX_FOUR = 4, LOADSTONE_RX_SIX = 6 };

struct loadstone_rx_any {
	enum loadstone_rx_kind kind;
	union {
		struct loadstone_rx_four four;
		struct loadstone_rx_six six;
	};
} relocatable;
#endif

#if FORM == 2
#define IS(type, number) (type_exists(struct type) && word == (__u32)type_id_there(struct type))
#else
#define IS(type, number) (word == number)
#endif

static inline __attribute__((always_inline)) void look(struct seen *seen, void *meta)
{
#if FORM == 1
	struct loadstone_rx *rx = meta;

	note(seen, rx, 1);
#elif FORM == 2 || FORM == 3
	__u32 word = *(__u32 *)(meta + META_WORD);
	struct loadstone_rx_first *first = meta;
	struct loadstone_rx_second *second = meta;

	if (IS(loadstone_rx_first, 1))
		note(seen, first, 1);
	else if (IS(loadstone_rx_second, 2))
		note(seen, second, 2);
	else
		seen->layout = UNKNOWN;
#else
	struct loadstone_rx_any *any = meta;

	if (any->kind == enumerator_value(enum loadstone_rx_kind, LOADSTONE_RX_FOUR)) {
		seen->stamp = any->four.stamp;
		seen->hash = any->four.hash;
		seen->layout = 1;
	} else if (any->kind == enumerator_value(enum loadstone_rx_kind, LOADSTONE_RX_SIX)) {
		seen->stamp = any->six.stamp;
		seen->hash = any->six.hash;
		seen->vlan = any->six.vlan;
		seen->layout = 2;
	} else {
		seen->layout = UNKNOWN;
	}
#endif
}

SEC("xdp")
int reader(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *meta = (void *)(long)ctx->data_meta;
	struct seen *seen;
	__u32 number;

	if (meta + META_LEN > data || data + FRAME_LEN > (void *)(long)ctx->data_end)
		return XDP_PASS;
	number = *(__u32 *)(data + FRAME_NUMBER);
	seen = bpf_map_lookup_elem(&frames, &number);
	if (!seen)
		return XDP_PASS;
	__sync_fetch_and_add(&seen->frames, 1);
	asm volatile("" : "+r"(meta)); /* so that offsets are in the loads */
	look(seen, meta);
	return XDP_PASS;
}

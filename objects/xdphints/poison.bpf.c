// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Pairs of programs that have the same instructions where a structure lacks a field: relocations
// make them of one, and the other was written so.
#include "meta.h"

#define BAD_RELOCATION "195896080" /* 0xbad2310: libbpf, src/relo_core.c */

SEC("xdp")
int number(struct xdp_md *ctx)
{
	struct loadstone_meta *m = 0;

	if (!field_exists(m->hash))
		return 2;
	return field_offset(m->hash);
}

SEC("xdp")
__attribute__((naked)) int number_written(void)
{
	asm volatile("r0 = 2;"
		     "r1 = 0;"
		     "if r1 == 0 goto 1f;"
		     "call " BAD_RELOCATION ";"
		     "1: exit");
}

SEC("xdp")
int access(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct loadstone_meta *m = data;

	if (data + META_MOST > end || !field_exists(m->hash))
		return 2;
	return m->hash;
}

SEC("xdp")
__attribute__((naked)) int access_written(void)
{
	asm volatile("r0 = 2;"
		     "r2 = *(u32 *)(r1 + 4);"
		     "r1 = *(u32 *)(r1 + 0);"
		     "r3 = r1;"
		     "r3 += 192;"
		     "if r3 > r2 goto 1f;"
		     "r2 = 0;"
		     "if r2 == 0 goto 1f;"
		     "call " BAD_RELOCATION ";"
		     "1: exit");
}

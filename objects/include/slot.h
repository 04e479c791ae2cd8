/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * For objects with tail calls: an XDP program reads from the first byte of its packet which slot to
 * call.
 */
#pragma once
#include "bpf.h"

/* The slot that the packet names; 255 where there is no packet. */
static __attribute__((always_inline)) inline __u32 slot_of(struct xdp_md *ctx)
{
	__u8 *data = (__u8 *)(unsigned long)ctx->data, *end = (__u8 *)(unsigned long)ctx->data_end;

	return data + 1 > end ? 255 : *data;
}

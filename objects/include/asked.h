/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A program that does one of several things, as the first byte of the packet says: some commands
 * pin a program by its section, and take one program per section only.
 */
#pragma once
#include "bpf.h"

static inline __attribute__((always_inline)) __u8 asked(struct xdp_md *ctx)
{
	__u8 *packet = (void *)(long)ctx->data;

	return packet + 1 > (__u8 *)(long)ctx->data_end ? 255 : *packet;
}

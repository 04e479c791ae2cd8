/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Frames of xdphints, and the metadata that drivers write before them. Each frame holds what the
 * driver is to write: META_LEN bytes at FRAME_META. See suites/xdphints/frame.go.
 */
#pragma once

#include "core.h"

#define FRAME_LEN 80
#define FRAME_NUMBER 16
#define FRAME_META 24
#define META_LEN 32
#define META_WORD 28 /* in the metadata: the last word before the packet says which layout it has */

static long (*const bpf_xdp_adjust_meta)(struct xdp_md *ctx, int delta) = (void *)54;

/* What a program has read of a frame's metadata. */
struct seen {
	__u64 stamp;
	__u32 hash;
	__u32 vlan;
	__u32 layout; /* 1, 2, or UNKNOWN */
	__u32 frames; /* of that number so far */
};

#define UNKNOWN 255
#define MOST_FRAMES 256

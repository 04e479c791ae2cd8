// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A map that the kernel refuses: an array without entries. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
} m SEC(".maps");

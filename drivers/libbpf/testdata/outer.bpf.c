// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A map of maps that does not say what its elements look like. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} outer SEC(".maps");

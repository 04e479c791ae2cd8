// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A map defined the way libbpf gave up with 1.0. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__u32 type, key_size, value_size, max_entries, map_flags;
} m SEC("maps") = { BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0 };

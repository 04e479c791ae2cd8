// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A BTF map definition with a field that no loader knows. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
	__uint(colour, 7);
} m SEC(".maps");

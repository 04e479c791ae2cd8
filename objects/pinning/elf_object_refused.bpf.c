// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The same, pinned for its own object.
#include "pinned.h"

ELF_MAP(m, BPF_MAP_TYPE_HASH, sizeof(__u32), sizeof(__u64), 4, 0, 0, PIN_OBJECT_NS);

SEC("classifier")
int store(void *ctx)
{
	__u32 seven = 7;
	__u64 *n = bpf_map_lookup_elem(&m, &seven);

	return n ? n[1] : 0;
}

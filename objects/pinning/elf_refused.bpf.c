// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A pinned map of iproute2, and a program that the verifier refuses: it reads beyond a value.
//
// variants:
//   elf_refused: PINNING=PIN_GLOBAL_NS
//       // A map of iproute2 that is pinned for all objects, and a program that the verifier
//       refuses: it reads beyond a value.
//   elf_object_refused: PINNING=PIN_OBJECT_NS
//       // A map of iproute2 that is pinned for its own object, and a program that the verifier
//       refuses: it reads beyond a value.
#include "pinned.h"

ELF_MAP(m, BPF_MAP_TYPE_HASH, sizeof(__u32), sizeof(__u64), 4, 0, 0, PINNING);

SEC("classifier")
int store(void *ctx)
{
	__u32 seven = 7;
	__u64 *n = bpf_map_lookup_elem(&m, &seven);

	return n ? n[1] : 0;
}

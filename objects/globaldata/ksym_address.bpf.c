// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The address of a symbol of the kernel's without a type, and programs that return its halves.
//
// variants:
//   ksym_address: NAME=bpf_prog_put LINK= // The address of a symbol that every kernel has once.
//   ksym_address_missing: NAME=loadstone_nowhere // The address of a symbol that no kernel has.
//   ksym_address_weak: NAME=loadstone_nowhere LINK=__weak
//       // The address of a symbol that no kernel has, and that programs can do without.
#include "extern.h"

extern const void NAME __ksym LINK;

SEC("xdp")
int low(struct xdp_md *ctx)
{
	return (__u64)&NAME;
}

SEC("xdp")
int high(struct xdp_md *ctx)
{
	return (__u64)&NAME >> 32;
}

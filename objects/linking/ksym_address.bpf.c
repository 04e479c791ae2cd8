// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that uses the address of a symbol of the kernel's, which another object uses too.
//
// variants:
//   ksym_address: LINK= PROGRAM=low // A program that returns half of a symbol's address.
//   ksym_address_other: PROGRAM=low_other // Another program that does the same.
//   ksym_address_weak: LINK=__weak PROGRAM=low_weak
//       // A program that does the same and can do without the symbol.
#include "extern.h"

extern const void bpf_prog_put __ksym LINK;

SEC("xdp")
int PROGRAM(struct xdp_md *ctx)
{
	return (__u64)&bpf_prog_put;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A BTF definition whose variable is declared in other ways than as a struct.
//
// variants:
//   definition_volatile: KIND=volatile struct COUNT= TAG=
//       // A map whose definition is volatile.
//   not_a_struct_union: KIND=union // A union in the section of the maps.
//   not_a_struct_array: KIND=struct COUNT=[2] // Two maps in one variable.
//   tagged: KIND=struct TAG=__attribute__((btf_decl_tag("shared")))
//       // A map with a tag, which kernels before 5.16 do not take in BTF.
#include "bpf.h"

KIND {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} m COUNT SEC(".maps") TAG;

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}

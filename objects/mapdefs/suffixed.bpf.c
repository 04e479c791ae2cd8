// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map in a section of its own, named after section maps, as gobpf and older tools of Cilium have
// it, and a program that need not refer to it.
//
// variants:
//   suffixed_used: SECTION="maps/config" USE=asm volatile("" : : "r"(&config))
//       // A map in section maps/config that the program refers to.
//   suffixed_unused: USE=(void)0
//       // A map in section maps/config that no program refers to: user space uses it.
//   suffixed_maps: SECTION="maps" // A map in section maps.
#include "bpf.h"

struct bpf_map_def SEC(SECTION) config = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = 8,
};

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	USE;
	return XDP_PASS;
}

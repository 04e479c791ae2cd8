// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that counts its runs in global data, from 40.
//
// variants:
//   data_plain: SECTION=".data.counters" // Data in a section whose name every kernel takes.
//   data_dashed: SECTION=".data.my-counters"
//       // Data in a section whose name has a dash, which kernels before Linux 6.12 refuse in BTF.
//   data_constant: SECTION=".rodata.counters" // Data that the section says is constant.
#include "bpf.h"

__u64 runs SEC(SECTION) = 40;
__u64 more SEC(".data") = 2;

SEC("xdp")
int count(struct xdp_md *ctx)
{
	__sync_fetch_and_add(&more, *(volatile __u64 *)&runs);
	return XDP_PASS;
}

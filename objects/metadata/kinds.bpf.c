// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program with metadata that it does not refer to.
//
// variants:
//   of_xdp: IN=xdp // An XDP program with metadata.
//   of_socket: IN=socket // A socket filter with metadata.
//   of_cgroup_skb: IN=cgroup_skb/ingress // A program of a cgroup with metadata.
//   of_raw_tracepoint: IN=raw_tracepoint/sys_enter // A program of a tracepoint with metadata.
//   of_sk_skb: IN=sk_skb/stream_verdict // A program of sockets' streams with metadata.
#include "bpf.h"

#define NAME_OF(section) #section
#define SECTION(section) SEC(NAME_OF(section))

const char bpf_metadata_owner[] SEC(".rodata") = "networking";

SECTION(IN)
int use(void *ctx)
{
	return 0;
}

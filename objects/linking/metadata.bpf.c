// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Metadata, beside which another object has some, and a program that refers to none.
//
// variants:
//   metadata: OWNER=bpf_metadata_owner LINKAGE= TEXT="networking" REVISION=bpf_metadata_revision
//       PROGRAM=first // An owner and a revision, and a program.
//   metadata_other: OWNER=bpf_metadata_author TEXT="storage" REVISION=bpf_metadata_build
//       PROGRAM=second // An author and a build, and a program.
//   metadata_same: TEXT="storage" REVISION=bpf_metadata_build PROGRAM=second
//       // Another owner and a build, and a program.
//   metadata_static: LINKAGE=static TEXT="storage" REVISION=bpf_metadata_build PROGRAM=second
//       // Another owner, which is this object's own, a build, and a program.
//   metadata_weak: LINKAGE=__weak TEXT="guessed" REVISION=bpf_metadata_guess PROGRAM=weak
//       // Another owner, weak, another revision, and a program.
//   metadata_weak_other: LINKAGE=__weak TEXT="supposed" REVISION=bpf_metadata_build PROGRAM=second
//       // Another owner, weak, a build, and a program.
#include "bpf.h"

LINKAGE const char OWNER[16] __attribute__((used)) SEC(".rodata") = TEXT;
const __u32 REVISION SEC(".rodata") = 4711;

SEC("xdp")
int PROGRAM(struct xdp_md *ctx)
{
	return XDP_PASS;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program beside a version of the kernel, as loaders before BTF asked for it.
//
// variants:
//   version: NUMBER=1 PROGRAM=run // A program beside a version.
//   version_other: NUMBER=2 PROGRAM=run_other // Another program, beside another version.
//   version_same: NUMBER=1 PROGRAM=run_other // Another program, beside the same version.
#include "bpf.h"

__u32 VERSION SEC("version") = NUMBER;

SEC("xdp")
int PROGRAM(void *ctx)
{
	return 60 + NUMBER;
}

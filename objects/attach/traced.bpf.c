// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that the kernel's types say the place of.
//
// variants:
//   tp_btf: SECTION="tp_btf/sched_switch" // A program at a tracepoint by its type.
//   fentry: SECTION="fentry/do_exit" // A program before a function of the kernel's.
//   fexit: SECTION="fexit/security_file_open" // A program after a function of the kernel's.
//   lsm: SECTION="lsm/file_open" // A program at a security hook.
#include "bpf.h"

SEC(SECTION)
int handle(void *ctx)
{
	return 0;
}

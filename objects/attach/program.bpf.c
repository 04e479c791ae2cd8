// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that is attached where its section says.
//
// variants:
//   tracepoint: SECTION="tracepoint/sched/sched_switch" // A program at a tracepoint.
//   tracepoint_missing: SECTION="tracepoint/sched/loadstone_nowhere"
//       // A program at a tracepoint that no kernel has.
//   raw_tracepoint: SECTION="raw_tracepoint/sys_enter" // A program at a raw tracepoint.
//   raw_tracepoint_missing: SECTION="raw_tracepoint/loadstone_nowhere"
//       // A program at a raw tracepoint that no kernel has.
//   kprobe: SECTION="kprobe/do_exit" // A program at a function of the kernel's.
//   kprobe_missing: SECTION="kprobe/loadstone_nowhere"
//       // A program at a function that no kernel has.
//   kretprobe: SECTION="kretprobe/do_exit" // A program at the return from a function.
//   xdp: SECTION="xdp" // An XDP program.
//   tc: SECTION="tc" // A classifier.
//   tcx: SECTION="tcx/ingress" // A classifier for tcx.
//   cgroup: SECTION="cgroup_skb/egress" // A program at a cgroup.
//   socket: SECTION="socket" // A program whose section does not say what it is attached to.
#include "bpf.h"

SEC(SECTION)
int handle(void *ctx)
{
	return 1;
}

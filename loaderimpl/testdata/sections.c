// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Programs in sections of many names.
#include "bpf.h"

SEC("xdp") int plain(void *ctx) { return XDP_PASS; }
SEC("?xdp") int left_out(void *ctx) { return XDP_PASS; }
SEC("?xdp.frags") int fragments(void *ctx) { return XDP_PASS; }
SEC("classifier") int classify(void *ctx) { return 0; }
SEC("raw_tp/sys_enter") int tracepoint(void *ctx) { return 0; }
SEC("cgroup_skb/ingress") int group(void *ctx) { return 1; }
SEC("iter/bpf_map") int iterate(void *ctx) { return 0; }

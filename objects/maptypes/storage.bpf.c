// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Storage per cgroup and attach type. The kernel wants 0 entries.
//
// variants:
//   cgroup_storage: TYPE=BPF_MAP_TYPE_CGROUP_STORAGE
//       // Storage per cgroup and attach type. The kernel wants 0 entries.
//   percpu_cgroup_storage: TYPE=BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE
//       // Storage per cgroup and attach type, with a value for each CPU.
#include "four_ways.h"

struct cgroup_key {
	__u64 cgroup;
	__u32 attach_type;
};

MAP(m, TYPE, struct cgroup_key, __u64, 0, 0);

REFERS

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The same with a value for each CPU.
#include "four_ways.h"

struct cgroup_key {
	__u64 cgroup;
	__u32 attach_type;
};

MAP(m, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, struct cgroup_key, __u64, 0, 0);

REFERS

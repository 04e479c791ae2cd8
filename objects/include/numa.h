/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Maps on NUMA nodes. The kernel looks at numa_node only where map_flags has BPF_F_NUMA_NODE
 * (bpf_map_attr_numa_node, include/linux/bpf.h).
 */
#pragma once
#include "bpf.h"

/*
 * Three maps of one definition: on_zero on node 0, on_one on node 1, and anywhere without a node.
 * The definition has no map_flags.
 */
#define ON_EACH_NODE(flags, ...) \
	struct { \
		__VA_ARGS__; \
		__uint(map_flags, (flags) | BPF_F_NUMA_NODE); \
		__uint(numa_node, 0); \
	} on_zero SEC(".maps"); \
	struct { \
		__VA_ARGS__; \
		__uint(map_flags, (flags) | BPF_F_NUMA_NODE); \
		__uint(numa_node, 1); \
	} on_one SEC(".maps"); \
	struct { \
		__VA_ARGS__; \
		__uint(map_flags, flags); \
	} anywhere SEC(".maps")

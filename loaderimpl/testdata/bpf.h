/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The little of BPF's C that the test objects need. Types and numbers are those of include/uapi/linux/bpf.h. */
#pragma once

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef int __s32;

#define SEC(name) __attribute__((section(name), used))
#define __noinline __attribute__((noinline))
#define __weak __attribute__((weak))

/* BTF map definitions: a number is the length of an array that a field points to. */
#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name
#define __array(name, val) typeof(val) *name[]
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define __ulong(name, val) enum { JOIN(value_of_, __COUNTER__) = val } name

enum {
	MAP_HASH = 1,
	MAP_ARRAY = 2,
	MAP_PROG_ARRAY = 3,
	MAP_PERF_EVENT_ARRAY = 4,
	MAP_PERCPU_HASH = 5,
	MAP_PERCPU_ARRAY = 6,
	MAP_LPM_TRIE = 11,
	MAP_ARRAY_OF_MAPS = 12,
	MAP_HASH_OF_MAPS = 13,
	MAP_DEVMAP = 14,
	MAP_RINGBUF = 27,
	MAP_BLOOM_FILTER = 30,
};

enum { F_NO_PREALLOC = 1, F_NUMA_NODE = 4 };
enum { PIN_NONE = 0, PIN_BY_NAME = 1 };
enum { XDP_DROP = 1, XDP_PASS = 2 };

/* Legacy map definitions, section "maps". */
struct bpf_map_def {
	__u32 type, key_size, value_size, max_entries, map_flags;
};

/* iproute2's, also in section "maps" (iproute2, include/bpf_elf.h). */
struct bpf_elf_map {
	__u32 type, size_key, size_value, max_elem, flags, id, pinning, inner_id, inner_idx;
};
enum { PIN_OBJECT_NS = 1, PIN_GLOBAL_NS = 2 };

/* That of the kernel's samples, also in section "maps" (samples/bpf/bpf_load.h before Linux 5.11). */
struct bpf_load_map_def {
	__u32 type, key_size, value_size, max_entries, map_flags, inner_map_idx, numa_node;
};

#define ANNOTATE_KV(name, key_type, value_type)                                                                                                \
	struct ____btf_map_##name {                                                                                                            \
		key_type key;                                                                                                                  \
		value_type value;                                                                                                              \
	};                                                                                                                                     \
	SEC("annotations") struct ____btf_map_##name ____btf_map_##name

static void *(*const map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*const map_update_elem)(void *map, const void *key, const void *value, __u64 flags) = (void *)2;
static long (*const tail_call)(void *ctx, void *prog_array, __u32 index) = (void *)12;
static long (*const trace_printk)(const char *fmt, __u32 size, ...) = (void *)6;

char _license[] SEC("license") = "Dual BSD/GPL";

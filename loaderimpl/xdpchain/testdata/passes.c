/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A program for a static chain that has all that is moved by linking: data, a map, a function. */
typedef unsigned int __u32;
typedef unsigned long long __u64;

#define SEC(name) __attribute__((section(name), used))
#define __uint(name, number) int(*name)[number]
#define __type(name, of) typeof(of) *name

struct xdp_md {
	__u32 data;
	__u32 data_end;
};

struct {
	__uint(type, 2 /* array */);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} passes_seen SEC(".maps");

struct {
	__uint(priority, 10);
} _passes SEC(".xdp_run_config");

const volatile __u32 passes_step = 3;

static void *(*const bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;

static __attribute__((noinline)) void count(__u64 *seen)
{
	*seen += passes_step;
}

SEC("xdp.frags") int passes(struct xdp_md *ctx)
{
	__u32 zero = 0;
	__u64 *seen = bpf_map_lookup_elem(&passes_seen, &zero);

	if (seen)
		count(seen);
	return 2; /* XDP_PASS */
}

char LICENSE[] SEC("license") = "GPL";

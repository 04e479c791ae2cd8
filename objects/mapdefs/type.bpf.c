// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A BTF definition of a map whose type wants other fields than a hash.
//
// variants:
//   map_extra: TYPE=BPF_MAP_TYPE_BLOOM_FILTER FIELDS=__uint(max_entries, 16); __type(value, __u64);
//       __uint(map_extra, 3); // A Bloom filter with 3 hash functions.
//   map_extra_long: FIELDS=__uint(max_entries, 16); __type(value, __u64);
//       enum { hash_functions = 3 } map_extra;
//       // A Bloom filter with 3 hash functions, the number written as the value of an enum.
//   perf_no_entries: TYPE=BPF_MAP_TYPE_PERF_EVENT_ARRAY
//       FIELDS=__uint(key_size, 4); __uint(value_size, 4);
//       // A perf event array that leaves its size to the loader.
//   ringbuf_odd_size: TYPE=BPF_MAP_TYPE_RINGBUF FIELDS=__uint(max_entries, 5000);
//       // A ring buffer of 5000 bytes, which no kernel takes: it wants a power of two of whole
//       pages.
//   sk_storage: TYPE=BPF_MAP_TYPE_SK_STORAGE
//       FIELDS=__uint(map_flags, BPF_F_NO_PREALLOC); __type(key, int); __type(value, __u64);
//       // Storage with a socket. The kernel wants its key and value in BTF.
//   task_storage: TYPE=BPF_MAP_TYPE_TASK_STORAGE
//       FIELDS=__uint(map_flags, BPF_F_NO_PREALLOC); __type(key, int); __type(value, __u64);
//       // Storage with a task. The kernel wants its key and value in BTF.
#include "bpf.h"

struct {
	__uint(type, TYPE);
	FIELDS
} m SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}

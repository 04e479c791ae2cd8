// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of maps, with a map of one type in it.
//
// variants:
//   inner_array: TYPE=BPF_MAP_TYPE_ARRAY ENTRIES=__uint(max_entries, 4); KEY=__type(key, __u32);
//       VALUE=__type(value, __u64); FLAGS= // An array of maps, with an array in it.
//   inner_lpm_trie: TYPE=BPF_MAP_TYPE_LPM_TRIE KEY=__type(key, __u64);
//       FLAGS=__uint(map_flags, BPF_F_NO_PREALLOC); // An array of maps, with a trie in it.
//   inner_lru_hash: TYPE=BPF_MAP_TYPE_LRU_HASH // An array of maps, with an LRU hash in it.
//   inner_percpu_array: TYPE=BPF_MAP_TYPE_PERCPU_ARRAY
//       // An array of maps, with an array per CPU in it.
//   inner_percpu_hash: TYPE=BPF_MAP_TYPE_PERCPU_HASH
//       // An array of maps, with a hash per CPU in it.
//   inner_perf_event_array: TYPE=BPF_MAP_TYPE_PERF_EVENT_ARRAY ENTRIES= KEY=__uint(key_size, 4);
//       VALUE=__uint(value_size, 4);
//       // An array of maps, with an array of perf events in it, one for each CPU.
//   inner_queue: TYPE=BPF_MAP_TYPE_QUEUE KEY= // An array of maps, with a queue in it.
//   inner_ringbuf: TYPE=BPF_MAP_TYPE_RINGBUF ENTRIES=__uint(max_entries, 65536); KEY= VALUE=
//       // An array of maps, with a ring buffer in it.
#include "mapinmap.h"

struct template {
	__uint(type, TYPE);
	ENTRIES
	KEY
	VALUE
	FLAGS
} inner_zero SEC(".maps");

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 2, struct template) outer SEC(".maps") = {
	.values = { [0] = (void *)&inner_zero },
};

LOOK_IN_SLOT(outer)

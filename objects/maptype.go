// SPDX-License-Identifier: Apache-2.0

package objects

// MapType is one map m that is defined in two ways, and what the kernel is to make of either: maptypes/<name>.bpf.c.
type MapType struct {
	Name        string // of the source
	BTF, Legacy Object // the two ways

	Type       string // the kernel's name without BPF_MAP_TYPE_, lower case
	KeySize    uint32 // bytes
	ValueSize  uint32 // bytes
	MaxEntries uint32
	Flags      uint32 // as the kernel keeps them, with those that it adds itself

	// RoundedToCPUs says that the kernel rounds MaxEntries up to a multiple of the number of possible CPUs (kernel/bpf/hashtab.c,
	// htab_map_alloc), as it keeps a list for each.
	RoundedToCPUs bool
}

// Variant is the map type's name, for the id of a spec.
func (m MapType) Variant() string { return m.Name }

// Flags of maps, from include/uapi/linux/bpf.h.
const (
	noPrealloc  = 1 << 0
	noCommonLRU = 1 << 1
	zeroSeed    = 1 << 6
	rdonlyProg  = 1 << 7
	wronlyProg  = 1 << 8
	mmapable    = 1 << 10
	innerMap    = 1 << 12
)

func bothWays(name, typ string, keySize, valueSize, maxEntries, flags uint32) MapType {
	return MapType{
		Name: name, BTF: embedded("maptypes", name+".btf"), Legacy: embedded("maptypes", name+".legacy"),
		Type: typ, KeySize: keySize, ValueSize: valueSize, MaxEntries: maxEntries, Flags: flags,
		RoundedToCPUs: flags&noCommonLRU != 0,
	}
}

// EveryMapType is every map type that a legacy definition can define, and maps with the flags that loaders pass on. Types whose kernel
// objects need BTF (storage with a socket, inode or task) and maps of maps are not among them.
//
// The kernel adds BPF_F_RDONLY_PROG to a devmap (0cdbb4b09a06, "devmap: Allow map lookups from eBPF").
var EveryMapType = []MapType{
	bothWays("hash", "hash", 4, 8, 16, 0),
	bothWays("array", "array", 4, 8, 8, 0),
	bothWays("percpu_hash", "percpu_hash", 4, 8, 16, 0),
	bothWays("percpu_array", "percpu_array", 4, 8, 8, 0),
	bothWays("lru_hash", "lru_hash", 8, 8, 64, 0),
	bothWays("lru_percpu_hash", "lru_percpu_hash", 8, 8, 64, 0),
	bothWays("lpm_trie", "lpm_trie", 8, 4, 32, noPrealloc),
	bothWays("queue", "queue", 0, 8, 16, 0),
	bothWays("stack", "stack", 0, 8, 16, 0),
	bothWays("prog_array", "prog_array", 4, 4, 4, 0),
	bothWays("perf_event_array", "perf_event_array", 4, 4, 1, 0),
	bothWays("stack_trace", "stack_trace", 4, 128, 32, 0),
	bothWays("cgroup_array", "cgroup_array", 4, 4, 4, 0),
	bothWays("devmap", "devmap", 4, 4, 4, rdonlyProg),
	bothWays("devmap_hash", "devmap_hash", 4, 4, 4, rdonlyProg),
	bothWays("cpumap", "cpumap", 4, 4, 1, 0),
	bothWays("xskmap", "xskmap", 4, 4, 4, 0),
	bothWays("sockmap", "sockmap", 4, 4, 4, 0),
	bothWays("sockhash", "sockhash", 4, 4, 4, 0),
	bothWays("reuseport_sockarray", "reuseport_sockarray", 4, 8, 4, 0),
	bothWays("cgroup_storage", "cgroup_storage", 16, 8, 0, 0),
	bothWays("percpu_cgroup_storage", "percpu_cgroup_storage", 16, 8, 0, 0),
	bothWays("ringbuf", "ringbuf", 0, 0, 65536, 0),
	bothWays("user_ringbuf", "user_ringbuf", 0, 0, 65536, 0),
	bothWays("bloom_filter", "bloom_filter", 0, 8, 16, 0),
	bothWays("hash_no_prealloc", "hash", 4, 8, 16, noPrealloc),
	bothWays("hash_zero_seed", "hash", 4, 8, 16, zeroSeed),
	bothWays("lru_no_common", "lru_hash", 4, 8, 64, noCommonLRU),
	bothWays("array_mmapable", "array", 4, 8, 8, mmapable),
	bothWays("array_rdonly_prog", "array", 4, 8, 8, rdonlyProg),
	bothWays("array_wronly_prog", "array", 4, 8, 8, wronlyProg),
	bothWays("array_inner_map", "array", 4, 8, 8, innerMap),
}

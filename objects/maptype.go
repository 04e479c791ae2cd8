// SPDX-License-Identifier: Apache-2.0

package objects

import "encoding/binary"

// MapType is one map m that is defined in each of four ways, with a program "use" of its own, and what the kernel is to make of any of them:
// maptypes/<name>.bpf.c. The program returns [Does] where the map does what a map of its type does in an XDP program.
type MapType struct {
	Name                            string // of the source
	BTF, Legacy, IPRoute2, Callback Object // the four ways: see include/four_ways.h

	Type       string // the kernel's name without BPF_MAP_TYPE_, lower case
	KeySize    uint32 // bytes
	ValueSize  uint32 // bytes
	MaxEntries uint32
	Flags      uint32 // as the kernel keeps them, with those that it adds itself

	// RoundedToCPUs says that the kernel rounds MaxEntries up to a multiple of the number of possible CPUs (kernel/bpf/hashtab.c,
	// htab_map_alloc), as it keeps a list for each.
	RoundedToCPUs bool

	Stores bool   // the program leaves the number [Does] in the map: under Key, in the value of one CPU where there are several
	Key    []byte // nil where the map has no keys
}

// Does is what the programs of map types return and store.
const Does = 77

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

func fourWays(name, typ string, keySize, valueSize, maxEntries, flags uint32) MapType {
	return MapType{
		Name: name,
		BTF:  embedded("maptypes", name+".btf"), Legacy: embedded("maptypes", name+".legacy"),
		IPRoute2: embedded("maptypes", name+".iproute2"), Callback: embedded("maptypes", name+".callback"),
		Type: typ, KeySize: keySize, ValueSize: valueSize, MaxEntries: maxEntries, Flags: flags,
		RoundedToCPUs: flags&noCommonLRU != 0,
	}
}

// storing is the map type with a program that stores under key.
func (m MapType) storing(key []byte) MapType {
	m.Stores, m.Key = true, key
	return m
}

// Keys under which programs store, as programs see them.
var (
	seven     = binary.NativeEndian.AppendUint32(nil, 7)
	longSeven = binary.NativeEndian.AppendUint64(nil, 7)
	net10     = append(binary.NativeEndian.AppendUint32(nil, 8), 10, 0, 0, 0) // 10.0.0.0/8
)

// EveryMapType is every map type that each way can define, and maps with the flags that loaders pass on. Types whose kernel
// objects need BTF (storage with a socket, inode or task) and maps of maps are not among them.
//
// The kernel adds BPF_F_RDONLY_PROG to a devmap (0cdbb4b09a06, "devmap: Allow map lookups from eBPF").
var EveryMapType = []MapType{
	fourWays("hash", "hash", 4, 8, 16, 0).storing(seven),
	fourWays("array", "array", 4, 8, 8, 0).storing(seven),
	fourWays("percpu_hash", "percpu_hash", 4, 8, 16, 0).storing(seven),
	fourWays("percpu_array", "percpu_array", 4, 8, 8, 0).storing(seven),
	fourWays("lru_hash", "lru_hash", 8, 8, 64, 0).storing(longSeven),
	fourWays("lru_percpu_hash", "lru_percpu_hash", 8, 8, 64, 0).storing(longSeven),
	fourWays("lpm_trie", "lpm_trie", 8, 4, 32, noPrealloc).storing(net10),
	fourWays("queue", "queue", 0, 8, 16, 0).storing(nil),
	fourWays("stack", "stack", 0, 8, 16, 0).storing(nil),
	fourWays("prog_array", "prog_array", 4, 4, 4, 0),
	fourWays("perf_event_array", "perf_event_array", 4, 4, 1, 0),
	fourWays("stack_trace", "stack_trace", 4, 128, 32, 0),
	fourWays("cgroup_array", "cgroup_array", 4, 4, 4, 0),
	fourWays("devmap", "devmap", 4, 4, 4, rdonlyProg),
	fourWays("devmap_hash", "devmap_hash", 4, 4, 4, rdonlyProg),
	fourWays("cpumap", "cpumap", 4, 4, 1, 0),
	fourWays("xskmap", "xskmap", 4, 4, 4, 0),
	fourWays("sockmap", "sockmap", 4, 4, 4, 0),
	fourWays("sockhash", "sockhash", 4, 4, 4, 0),
	fourWays("reuseport_sockarray", "reuseport_sockarray", 4, 8, 4, 0),
	fourWays("cgroup_storage", "cgroup_storage", 16, 8, 0, 0),
	fourWays("percpu_cgroup_storage", "percpu_cgroup_storage", 16, 8, 0, 0),
	fourWays("ringbuf", "ringbuf", 0, 0, 65536, 0),
	fourWays("user_ringbuf", "user_ringbuf", 0, 0, 65536, 0),
	fourWays("bloom_filter", "bloom_filter", 0, 8, 16, 0),
	fourWays("hash_no_prealloc", "hash", 4, 8, 16, noPrealloc).storing(seven),
	fourWays("hash_zero_seed", "hash", 4, 8, 16, zeroSeed).storing(seven),
	fourWays("lru_no_common", "lru_hash", 4, 8, 64, noCommonLRU).storing(seven),
	fourWays("array_mmapable", "array", 4, 8, 8, mmapable).storing(seven),
	fourWays("array_rdonly_prog", "array", 4, 8, 8, rdonlyProg),
	fourWays("array_wronly_prog", "array", 4, 8, 8, wronlyProg).storing(seven),
	fourWays("array_inner_map", "array", 4, 8, 8, innerMap).storing(seven),
}

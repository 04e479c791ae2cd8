// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// Ways holds one object as it is built in each of the four ways of defining its maps: see
// include/four_ways.h.
type Ways struct {
	Name                            string
	BTF, Legacy, IPRoute2, Callback Object
}

// inEachWay returns the objects of that name built from folder/source.bpf.c.
func inEachWay(folder, source, name string) Ways {
	return Ways{
		Name:     name,
		BTF:      embedded(folder, source, name+".btf"),
		Legacy:   embedded(folder, source, name+".legacy"),
		IPRoute2: embedded(folder, source, name+".iproute2"),
		Callback: embedded(folder, source, name+".callback"),
	}
}

// MapType describes one map m that is defined in each of four ways, with a program "use" of its
// own, and what the kernel has to make of each definition. The program returns [Does] where the map
// does what a map of its type does in an XDP program.
type MapType struct {
	Ways // of [MapTypes]

	Type       string // the kernel's name without BPF_MAP_TYPE_, lower case
	KeySize    uint32 // bytes
	ValueSize  uint32 // bytes
	MaxEntries uint32
	Flags      uint32 // as the kernel keeps them, with those that it adds itself

	// RoundedToCPUs says that the kernel rounds MaxEntries up to a multiple of the number of
	// possible CPUs, as it keeps a list for each (kernel/bpf/hashtab.c, htab_map_alloc).
	RoundedToCPUs bool

	// Stores says that the program leaves the number [Does] in the map, under Key. A per-CPU map
	// has it in the value of one CPU.
	Stores bool
	Key    []byte // nil where the map has no keys
}

// Does holds the number that the programs of map types return and store.
const Does = 77

func mapType(ways Ways, typ string, keySize, valueSize, maxEntries, flags uint32) MapType {
	return MapType{
		Ways: ways,
		Type: typ, KeySize: keySize, ValueSize: valueSize, MaxEntries: maxEntries, Flags: flags,
		RoundedToCPUs: flags&unix.BPF_F_NO_COMMON_LRU != 0,
	}
}

// storing returns the map type with a program that stores under key.
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

// EveryMapType holds every map type that each way can define, and maps with the flags that loaders
// pass on. Types whose kernel objects need BTF (storage with a socket, inode or task) and maps of
// maps are not among them.
//
// The kernel adds BPF_F_RDONLY_PROG to a devmap (0cdbb4b09a06, "devmap: Allow map lookups from
// eBPF").
var EveryMapType = []MapType{
	mapType(MapTypes.Hash, "hash", 4, 8, 16, 0).storing(seven),
	mapType(MapTypes.Array, "array", 4, 8, 8, 0).storing(seven),
	mapType(MapTypes.PercpuHash, "percpu_hash", 4, 8, 16, 0).storing(seven),
	mapType(MapTypes.PercpuArray, "percpu_array", 4, 8, 8, 0).storing(seven),
	mapType(MapTypes.LRUHash, "lru_hash", 8, 8, 64, 0).storing(longSeven),
	mapType(MapTypes.LRUPercpuHash, "lru_percpu_hash", 8, 8, 64, 0).storing(longSeven),
	mapType(MapTypes.LpmTrie, "lpm_trie", 8, 4, 32, unix.BPF_F_NO_PREALLOC).storing(net10),
	mapType(MapTypes.Queue, "queue", 0, 8, 16, 0).storing(nil),
	mapType(MapTypes.Stack, "stack", 0, 8, 16, 0).storing(nil),
	mapType(MapTypes.ProgArray, "prog_array", 4, 4, 4, 0),
	mapType(MapTypes.PerfEventArray, "perf_event_array", 4, 4, 1, 0),
	mapType(MapTypes.StackTrace, "stack_trace", 4, 128, 32, 0),
	mapType(MapTypes.CgroupArray, "cgroup_array", 4, 4, 4, 0),
	mapType(MapTypes.Devmap, "devmap", 4, 4, 4, unix.BPF_F_RDONLY_PROG),
	mapType(MapTypes.DevmapHash, "devmap_hash", 4, 4, 4, unix.BPF_F_RDONLY_PROG),
	mapType(MapTypes.Cpumap, "cpumap", 4, 4, 1, 0),
	mapType(MapTypes.Xskmap, "xskmap", 4, 4, 4, 0),
	mapType(MapTypes.Sockmap, "sockmap", 4, 4, 4, 0),
	mapType(MapTypes.Sockhash, "sockhash", 4, 4, 4, 0),
	mapType(MapTypes.ReuseportSockarray, "reuseport_sockarray", 4, 8, 4, 0),
	mapType(MapTypes.CgroupStorage, "cgroup_storage", 16, 8, 0, 0),
	mapType(MapTypes.PercpuCgroupStorage, "percpu_cgroup_storage", 16, 8, 0, 0),
	mapType(MapTypes.Ringbuf, "ringbuf", 0, 0, 65536, 0),
	mapType(MapTypes.UserRingbuf, "user_ringbuf", 0, 0, 65536, 0),
	mapType(MapTypes.BloomFilter, "bloom_filter", 0, 8, 16, 0),
	mapType(MapTypes.HashNoPrealloc, "hash", 4, 8, 16, unix.BPF_F_NO_PREALLOC).storing(seven),
	mapType(MapTypes.HashZeroSeed, "hash", 4, 8, 16, unix.BPF_F_ZERO_SEED).storing(seven),
	mapType(MapTypes.LRUNoCommon, "lru_hash", 4, 8, 64, unix.BPF_F_NO_COMMON_LRU).storing(seven),
	mapType(MapTypes.ArrayMmapable, "array", 4, 8, 8, unix.BPF_F_MMAPABLE).storing(seven),
	mapType(MapTypes.ArrayRdonlyProg, "array", 4, 8, 8, unix.BPF_F_RDONLY_PROG),
	mapType(MapTypes.ArrayWronlyProg, "array", 4, 8, 8, unix.BPF_F_WRONLY_PROG).storing(seven),
	mapType(MapTypes.ArrayInnerMap, "array", 4, 8, 8, unix.BPF_F_INNER_MAP).storing(seven),
}

// SPDX-License-Identifier: Apache-2.0

package bpftool

import (
	"context"
	"fmt"
	"strconv"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/drivers/command"
	"github.com/loadstone-bpf/loadstone/loader"
)

// mapTypes lists bpftool's names of enum bpf_map_type, by number, since it takes no numbers
// (map_type_name of tools/bpf/bpftool/map.c, and since 6.0 libbpf_bpf_map_type_str). bpftool itself
// refuses a name that is newer than it.
var mapTypes = [...]string{
	1: "hash", "array", "prog_array", "perf_event_array", "percpu_hash", "percpu_array",
	"stack_trace", "cgroup_array", "lru_hash", "lru_percpu_hash", "lpm_trie", "array_of_maps", "hash_of_maps", "devmap", "sockmap", "cpumap",
	"xskmap", "sockhash", "cgroup_storage",
	"reuseport_sockarray", "percpu_cgroup_storage", "queue", "stack", "sk_storage", "devmap_hash",
	"struct_ops", "ringbuf", "inode_storage",
	"task_storage", "bloom_filter", "user_ringbuf", "cgrp_storage", "arena",
}

// Create implements [command.Creator].
func (t *tool) Create(ctx context.Context, r loader.Create) (loader.Reply, error) {
	if lacks := cannotCreate(r); lacks != nil {
		return lacks, nil
	}
	reply, err := table.Run(ctx, loader.OpCreate, createValues(r), command.Environment{})
	if reply != nil || err != nil {
		return reply, err
	}
	id, err := pinnedID(r.Path)
	if err != nil {
		return nil, fmt.Errorf("what map create has made: %w", err)
	}
	return &loader.OK{ID: id}, nil
}

// cannotCreate returns what the command has no word for.
func cannotCreate(r loader.Create) *loader.Unsupported {
	switch {
	case r.TokenPath != "":
		return command.Unsupported(loader.BPFToken, command.NoTokenPath)
	case int(r.Map.Type) >= len(mapTypes) || mapTypes[r.Map.Type] == "":
		return command.Unsupported(loader.Feature(loader.MapType),
			"map create takes types by name, and %d has none", r.Map.Type)
	case r.Map.NumaNode != 0:
		return command.Unsupported(loader.Feature(loader.NumaNode), "map create has no word for it")
	case r.Map.MapExtra != 0:
		return command.Unsupported(loader.Feature(loader.MapExtra), "map create has no word for it")
	}
	return nil
}

func createValues(r loader.Create) command.Values {
	number := func(n uint32) []string { return []string{strconv.FormatUint(uint64(n), 10)} }
	values := command.Values{
		"path": {r.Path}, "type": {mapTypes[r.Map.Type]}, "name": {r.Name}, "flags": nil,
		"inner": nil,
		"key":   number(r.Map.KeySize), "value": number(r.Map.ValueSize),
		"entries": number(r.Map.MaxEntries),
	}
	if r.Map.Flags != 0 {
		values["flags"] = append([]string{"flags"}, number(r.Map.Flags)...)
	}
	if r.InnerMap != "" {
		values["inner"] = []string{"inner_map", "pinned", r.InnerMap}
	}
	return values
}

// pinnedID returns the id of the map that is pinned at a path.
func pinnedID(path string) (uint32, error) {
	m, err := ebpf.LoadPinnedMap(path, nil)
	if err != nil {
		return 0, err
	}
	defer m.Close()
	info, err := m.Info()
	if err != nil {
		return 0, err
	}
	id, _ := info.ID() // since Linux 4.13
	return uint32(id), nil
}

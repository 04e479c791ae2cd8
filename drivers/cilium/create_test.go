// SPDX-License-Identifier: Apache-2.0

package cilium

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/drivers/command"
	"github.com/loadstone-bpf/loadstone/loader"
)

func TestMapWithoutAnObject(t *testing.T) {
	kernel(t)
	bpffs, err := command.NewBPFFS()
	if err != nil {
		t.Fatal(err)
	}
	defer bpffs.Close()
	l, root := begin(t), fmt.Sprintf("/proc/self/fd/%d/", bpffs.Fd())
	hash := loader.MapAttributes{Type: uint32(ebpf.Hash), KeySize: 4, ValueSize: 8, MaxEntries: 3}
	outer := loader.MapAttributes{Type: uint32(ebpf.HashOfMaps), KeySize: 4, ValueSize: 4,
		MaxEntries: 2}
	bloom := loader.MapAttributes{Type: uint32(ebpf.BloomFilter), ValueSize: 4, MaxEntries: 2,
		MapExtra: 7}
	for _, request := range []loader.Create{
		{Name: "hash", Map: hash, Path: root + "hash"},
		{Name: "outer", Map: outer, InnerMap: root + "hash", Path: root + "outer"},
		{Name: "bloom", Map: bloom, Path: root + "bloom"},
	} {
		reply := do(t, l, request)
		m, err := ebpf.LoadPinnedMap(request.Path, nil)
		if err != nil {
			t.Fatalf("%+v: %v", reply, err)
		}
		info, err := m.Info()
		if err != nil {
			t.Fatal(err)
		}
		want, err := id(info, nil)
		if diff := cmp.Diff(loader.Reply(&loader.OK{ID: want}), reply); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", request.Name, err, diff)
		}
		extra, _ := info.MapExtra()
		got := loader.MapAttributes{
			Type: uint32(info.Type), KeySize: info.KeySize, ValueSize: info.ValueSize,
			MaxEntries: info.MaxEntries, Flags: info.Flags, MapExtra: extra,
		}
		if got != request.Map || info.Name != request.Name {
			t.Errorf("%+v, want %+v", info, request)
		}
		m.Close()
	}
	for fault, tt := range map[string]struct {
		request loader.Create
		want    loader.Rejected
	}{
		"path taken": {
			loader.Create{Map: hash, Path: root + "hash"},
			loader.Rejected{Stage: loader.AtPin, Class: loader.NameConflict,
				Errno: int(syscall.EEXIST)},
		},
		"missing template": {
			loader.Create{Map: outer, InnerMap: root + "none", Path: root + "m"},
			loader.Rejected{Stage: loader.AtPin, Class: loader.NotFound,
				Errno: int(syscall.ENOENT)},
		},
		"no template": {
			loader.Create{Map: outer, Path: root + "m"},
			loader.Rejected{Stage: loader.AtCreate, Class: loader.Unclassified},
		},
		"no entries": {
			loader.Create{Map: loader.MapAttributes{Type: 1, KeySize: 4, ValueSize: 4},
				Path: root + "m"},
			loader.Rejected{Stage: loader.AtCreate, Class: loader.Invalid,
				Errno: int(syscall.EINVAL)},
		},
	} {
		if diff := cmp.Diff(loader.Reply(&tt.want), do(t, l, tt.request), refused); diff != "" {
			t.Errorf("%s:\n%s", fault, diff)
		}
	}
	if _, err := os.Stat(root + "m"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a pin is left: %v", err)
	}
}

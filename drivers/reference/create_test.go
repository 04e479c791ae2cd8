// SPDX-License-Identifier: Apache-2.0

package reference_test

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/drivers/reference"
	"github.com/loadstone-bpf/loadstone/loader"
)

func TestMapWithoutAnObject(t *testing.T) {
	onBPFFS(t, func(root string) {
		l := reference.New()
		inner := pinned(t, root+"/inner", &ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1})
		hash := loader.MapAttributes{Type: uint32(ebpf.Hash), KeySize: 4, ValueSize: 8, MaxEntries: 3}
		outer := loader.MapAttributes{Type: uint32(ebpf.ArrayOfMaps), KeySize: 4, ValueSize: 4, MaxEntries: 2}
		for _, request := range []loader.Create{
			{Name: "hash", Map: hash, Path: root + "/hash"},
			{Name: "outer", Map: outer, InnerMap: root + "/inner", Path: root + "/outer"},
		} {
			ok, _ := do(t, l, request).(*loader.OK)
			if ok == nil {
				t.Errorf("%s is not made", request.Name)
				continue
			}
			m, err := ebpf.LoadPinnedMap(request.Path, nil)
			if err != nil {
				t.Error(err)
				continue
			}
			if id := idOf(t, m); ok.ID != id || uint32(m.Type()) != request.Map.Type || m.MaxEntries() != request.Map.MaxEntries {
				t.Errorf("the loader says %d, and pinned is %d: %v", ok.ID, id, m)
			}
			m.Close()
		}
		for fault, tt := range map[string]struct {
			request loader.Create
			want    loader.Rejected
		}{
			"path taken": {
				loader.Create{Map: hash, Path: root + "/inner"},
				loader.Rejected{Stage: loader.AtPin, Class: loader.NameConflict, Errno: 17},
			},
			"missing folder": {
				loader.Create{Map: hash, Path: root + "/missing/m"},
				loader.Rejected{Stage: loader.AtPin, Class: loader.NotFound, Errno: 2},
			},
			"no bpffs": {
				loader.Create{Map: hash, Path: t.TempDir() + "/m"},
				loader.Rejected{Stage: loader.AtPin, Class: loader.Invalid},
			},
			"missing template": {
				loader.Create{Map: outer, InnerMap: root + "/missing", Path: root + "/m"},
				loader.Rejected{Stage: loader.AtPin, Class: loader.NotFound, Errno: 2},
			},
			"no template": {
				loader.Create{Map: outer, Path: root + "/m"},
				loader.Rejected{Stage: loader.AtCreate, Class: loader.BadMapDef},
			},
			"template too many": {
				loader.Create{Map: hash, InnerMap: root + "/inner", Path: root + "/m"},
				loader.Rejected{Stage: loader.AtCreate, Class: loader.BadMapDef},
			},
			"no map": {
				loader.Create{Path: root + "/m"},
				loader.Rejected{Stage: loader.AtCreate, Class: loader.Invalid, Errno: 22},
			},
		} {
			compare(t, fault, &tt.want, do(t, l, tt.request))
		}
		if _, err := os.Stat(root + "/m"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a pin is left: %v", err)
		}
		if id := idOf(t, inner); id == 0 {
			t.Error("the template is gone")
		}
	})
}

// idOf returns the kernel's id of a map.
func idOf(t *testing.T, m *ebpf.Map) uint32 {
	t.Helper()
	info, err := m.Info()
	if err != nil {
		t.Error(err)
		return 0
	}
	id, _ := info.ID()
	return uint32(id)
}

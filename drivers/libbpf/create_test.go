// SPDX-License-Identifier: Apache-2.0

package libbpf

import (
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loader"
)

// The kernel's numbers of map types, from include/uapi/linux/bpf.h.
const (
	hashType        = 1
	arrayOfMapsType = 12
	bloomFilterType = 30
)

func TestMapWithoutAnObject(t *testing.T) {
	hash := loader.MapAttributes{Type: hashType, KeySize: 4, ValueSize: 8, MaxEntries: 3, Flags: 1}
	outer := loader.MapAttributes{Type: arrayOfMapsType, KeySize: 4, ValueSize: 4, MaxEntries: 2}
	bloom := loader.MapAttributes{Type: bloomFilterType, ValueSize: 4, MaxEntries: 2, MapExtra: 7}
	eachVersion(t, func(t *testing.T, version string) {
		d := start(t, version)
		first := d.ok(loader.Create{Name: "hash", Map: hash, Path: bpffs + "/hash"})
		second := d.ok(loader.Create{Name: "outer", Map: outer, InnerMap: bpffs + "/hash",
			Path: bpffs + "/outer"})
		if first.ID == 0 || second.ID == 0 || first.ID == second.ID {
			t.Errorf("%d and %d", first.ID, second.ID)
		}
		extra := loader.Create{Name: "bloom", Map: bloom, Path: bpffs + "/bloom"}
		if version == "0.3" {
			d.unsupported(extra, "map_extra")
		} else {
			d.ok(extra)
		}
		for fault, tt := range map[string]struct {
			request loader.Create
			want    loader.Rejected
		}{
			"path taken": {
				loader.Create{Map: hash, Path: bpffs + "/hash"},
				loader.Rejected{Stage: loader.AtPin, Class: loader.NameConflict,
					Errno: int(syscall.EEXIST)},
			},
			"no bpffs": {
				loader.Create{Map: hash, Path: "/tmp/m"},
				loader.Rejected{Stage: loader.AtPin, Class: loader.Permission,
					Errno: int(syscall.EPERM)},
			},
			"missing template": {
				loader.Create{Map: outer, InnerMap: bpffs + "/none", Path: bpffs + "/m"},
				loader.Rejected{Stage: loader.AtPin, Class: loader.NotFound,
					Errno: int(syscall.ENOENT)},
			},
			"no template": {
				loader.Create{Map: outer, Path: bpffs + "/m"},
				loader.Rejected{Stage: loader.AtCreate, Class: loader.Invalid,
					Errno: int(syscall.EINVAL)},
			},
			"no map": {
				loader.Create{Path: bpffs + "/m"},
				loader.Rejected{Stage: loader.AtCreate, Class: loader.Invalid,
					Errno: int(syscall.EINVAL)},
			},
		} {
			if diff := cmp.Diff(tt.want, d.refused(tt.request)); diff != "" {
				t.Errorf("%s:\n%s", fault, diff)
			}
		}
		d.holdsNothing()
	})
}

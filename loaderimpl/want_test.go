// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"strings"
	"syscall"
	"testing"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

func TestMapsOfDescriptorsGetTheSizesThatTheirDefinitionsLeaveOut(t *testing.T) {
	for _, c := range []struct {
		typ                          ebpf.MapType
		key, value, wantKey, wantVal uint32
	}{
		{ebpf.PerfEventArray, 0, 0, 4, 4}, {ebpf.PerfEventArray, 4, 0, 4, 4},
		{ebpf.PerfEventArray, 0, 4, 4, 4}, {ebpf.PerfEventArray, 4, 8, 4, 8},
		{ebpf.CGroupArray, 0, 0, 4, 4}, {ebpf.ProgramArray, 0, 0, 4, 4},
		{ebpf.ArrayOfMaps, 0, 0, 4, 4}, {ebpf.HashOfMaps, 0, 0, 0, 4},
		{ebpf.HashOfMaps, 16, 0, 16, 4}, {ebpf.Array, 0, 0, 0, 0}, {ebpf.Hash, 0, 8, 0, 8},
	} {
		w, err := wantDefinition("o", &mapdef.Definition{Name: "m", Attributes: mapdef.Attributes{
			Type: c.typ, KeySize: c.key, ValueSize: c.value, MaxEntries: 2,
		}})
		if err != nil {
			t.Fatal(err)
		}
		if w.attr.KeySize != c.wantKey || w.attr.ValueSize != c.wantVal {
			t.Errorf("%v of %d and %d bytes: %d and %d bytes, want %d and %d", c.typ, c.key, c.value,
				w.attr.KeySize, w.attr.ValueSize, c.wantKey, c.wantVal)
		}
	}
}

func TestANumberOfEntriesThatTheCallerHasToSetIsNamed(t *testing.T) {
	for typ, want := range map[ebpf.MapType]bool{
		ebpf.Hash: true, ebpf.Array: true, ebpf.CPUMap: true, ebpf.SkStorage: false,
		ebpf.CGroupStorage: false,
	} {
		err := explainCreate(syscall.EINVAL, &sys.MapCreateAttr{MapType: uint32(typ), KeySize: 4,
			ValueSize: 4}, nil)
		if got := strings.Contains(err.Error(), "max_entries is 0"); got != want {
			t.Errorf("%v: %v", typ, err)
		}
	}
}

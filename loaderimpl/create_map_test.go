// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// loneHash describes a map that comes from no object.
var loneHash = Attributes{Type: ebpf.Hash, KeySize: 4, ValueSize: 8, MaxEntries: 3}

// with returns the attributes with one thing changed.
func (a Attributes) with(change func(*Attributes)) Attributes {
	change(&a)
	return a
}

func TestMapWithoutAnObjectIsMadeAsItStands(t *testing.T) {
	for name, d := range map[string]Attributes{
		"hash":    loneHash,
		"flags":   loneHash.with(func(d *Attributes) { d.Flags = mapdef.FlagNoPrealloc }),
		"node 0":  loneHash.with(func(d *Attributes) { d.Flags = mapdef.FlagNumaNode }),
		"no node": loneHash.with(func(d *Attributes) { d.NumaNode = 1 << 20 }), // without its flag it is none
		"ring":    {Type: ebpf.RingBuf, MaxEntries: 1 << 16},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := CreateMap("lone", d, CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			info, err := sys.InfoOf(m.FD())
			if err != nil {
				t.Fatal(err)
			}
			want := sys.Info{
				Type: uint32(d.Type), ID: info.ID, KeySize: d.KeySize, ValueSize: d.ValueSize, MaxEntries: d.MaxEntries, MapFlags: d.Flags, Name: sys.Name("lone"),
			}
			if got := *info; got != want || got.ID == 0 {
				t.Errorf("%+v, want %+v", got, want)
			}
		})
	}
}

func TestMapOfMapsWithoutAnObjectTakesMapsLikeItsTemplate(t *testing.T) {
	template, err := CreateMap("lone", loneHash, CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer template.Close()
	outer, err := CreateMap("outer", Attributes{Type: ebpf.ArrayOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: 2},
		CreateOptions{Template: template})
	if err != nil {
		t.Fatal(err)
	}
	defer outer.Close()
	other, err := CreateMap("lone", loneHash.with(func(d *Attributes) { d.ValueSize = 9 }),
		CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := outer.Put(uint32(0), template); err != nil {
		t.Error(err)
	}
	if err := outer.Put(uint32(1), other); !errors.Is(err, unix.EINVAL) {
		t.Errorf("another map: %v", err)
	}
}

func TestMapWithoutAnObjectIsRefused(t *testing.T) {
	template, err := CreateMap("lone", loneHash, CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer template.Close()
	for name, tt := range map[string]struct {
		d        Attributes
		template *ebpf.Map
		want     error
	}{
		"no entries":               {loneHash.with(func(d *Attributes) { d.MaxEntries = 0 }), nil, unix.EINVAL},
		"ring of less than a page": {Attributes{Type: ebpf.RingBuf, MaxEntries: 100}, nil, unix.EINVAL}, // a load would round it
		"unknown type":             {loneHash.with(func(d *Attributes) { d.Type = 9999 }), nil, unix.EINVAL},
		"absent node":              {loneHash.with(func(d *Attributes) { d.Flags, d.NumaNode = mapdef.FlagNumaNode, 1<<10 }), nil, refuse.ErrNode},
		"no template":              {Attributes{Type: ebpf.HashOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: 2}, nil, refuse.ErrInner},
		"template of a hash":       {loneHash, template, refuse.ErrInner},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := CreateMap("lone", tt.d, CreateOptions{Template: tt.template})
			var e *Error
			if m != nil || !errors.Is(err, tt.want) || !errors.As(err, &e) || e.Stage != refuse.StageCreate || e.Symbol != "lone" {
				t.Errorf("%v, %v, want %v at %s of %s", m, err, tt.want, refuse.StageCreate, "lone")
			}
		})
	}
}

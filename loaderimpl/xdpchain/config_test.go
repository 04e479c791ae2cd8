// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// exported lets cmp compare the fields of these.
var exported = cmp.AllowUnexported(config{}, slotConfig{})

// full returns a configuration of a version, in which all that the version has is set.
func full(version int) *config {
	c := &config{version: version, frags: version >= fragsVersion, devBound: version >= newestVersion}
	for i := range Slots {
		s := slotConfig{actions: 1 << (i % 5), priority: uint32(100 * i)}
		if version >= fragsVersion {
			s.flags = uint32(i)
		}
		c.slots = append(c.slots, s)
	}
	return c
}

// first writes a configuration as libxdp's dispatcher of version 1 had it, by its struct: a number
// of one byte, then ten actions, then ten priorities.
func first(c *config, order binary.ByteOrder) []byte {
	data := make([]byte, 84)
	data[0] = byte(len(c.slots))
	for i, s := range c.slots {
		order.PutUint32(data[4+4*i:], uint32(s.actions)|1<<31)
		order.PutUint32(data[44+4*i:], s.priority)
	}
	return data
}

func TestEveryVersionIsReadInBothByteOrders(t *testing.T) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		for version, data := range map[int][]byte{
			1: first(full(1), order), 2: full(2).encode(order), 3: full(3).encode(order),
		} {
			if len(data) != configSizes[version] {
				t.Errorf("version %d has %d bytes", version, len(data))
			}
			fromBTF := 0
			if version == 1 {
				fromBTF = 1
			}
			got, err := parseConfig(data, order, fromBTF)
			if diff := cmp.Diff(full(version), got, exported); err != nil || diff != "" {
				t.Errorf("version %d, %v: %v (-want +got)\n%s", version, order, err, diff)
			}
		}
	}
}

// The bytes are libxdp's (struct xdp_dispatcher_config), by offset.
func TestConfigurationIsLaidOutAsLibxdpReadsIt(t *testing.T) {
	c := &config{version: 3, frags: true, devBound: true, slots: []slotConfig{
		{actions: 4, priority: 50, flags: 32}, {actions: 6, priority: 51, flags: 33},
	}}
	want := make([]byte, 128)
	copy(want, []byte{236, 3, 2, 1, 4, 0, 0, 0x80, 6, 0, 0, 0x80})
	copy(want[44:], []byte{50, 0, 0, 0, 51})
	copy(want[84:], []byte{32, 0, 0, 0, 33})
	want[124] = 1
	if diff := cmp.Diff(want, c.encode(binary.LittleEndian)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestConfigurationsThatAreNone(t *testing.T) {
	edited := func(at int, value byte) []byte {
		data := full(3).encode(binary.LittleEndian)
		data[at] = value
		return data
	}
	for what, c := range map[string]struct {
		data    []byte
		fromBTF int
	}{
		"nothing":                     {nil, 3},
		"one byte":                    {[]byte{magic}, 3},
		"no magic, no version in BTF": {edited(0, 1), 0},
		"a version to come":           {edited(1, 4), 3},
		"version 0":                   {edited(1, 0), 3},
		"version 1 with magic":        {edited(1, 1), 3},
		"eleven programs":             {edited(2, 11), 3},
		"version 3, too short":        {full(3).encode(binary.LittleEndian)[:127], 3},
		"version 1, too short":        {first(full(1), binary.LittleEndian)[:83], 1},
	} {
		if got, err := parseConfig(c.data, binary.LittleEndian, c.fromBTF); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
}

func FuzzConfig(f *testing.F) {
	for _, data := range [][]byte{first(full(1), binary.LittleEndian), full(2).encode(binary.LittleEndian),
		full(3).encode(binary.LittleEndian)} {
		f.Add(data, 1)
	}
	f.Fuzz(func(t *testing.T, data []byte, fromBTF int) {
		c, err := parseConfig(data, binary.LittleEndian, fromBTF)
		if err == nil && len(c.slots) > Slots {
			t.Fatalf("%d programs", len(c.slots))
		}
	})
}

// Each dispatcher is built with what libxdp looks for: the names of its functions, data of the
// configuration's exact size and nothing else in it, and its version.
func TestDispatchersAreWhatLibxdpReads(t *testing.T) {
	for _, version := range []int{fragsVersion, newestVersion} {
		o, err := openDispatcher(full(version))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, p := range o.Programs() {
			names = append(names, p.Name())
		}
		if diff := cmp.Diff([]string{"xdp_dispatcher"}, names); diff != "" {
			t.Errorf("version %d: programs (-want +got)\n%s", version, diff)
		}
		if kind := o.Programs()[0].Kind(); kind.Flags != flagFrags {
			t.Errorf("version %d: flags %#x", version, kind.Flags)
		}
		if len(o.Maps()) != 1 || len(o.Maps()[0].InitialValue()) != configSizes[version] {
			t.Fatalf("version %d: %d maps", version, len(o.Maps()))
		}
		if diff := cmp.Diff(full(version).encode(binary.NativeEndian), o.Maps()[0].InitialValue()); diff != "" {
			t.Errorf("version %d: data (-want +got)\n%s", version, diff)
		}
		types, err := o.Types()
		if err != nil {
			t.Fatal(err)
		}
		if got := dispatcherVersion(types); got != version {
			t.Errorf("version %d says that it is of version %d", version, got)
		}
		for slot := range Slots {
			if types.TypeByName(slotFunction(slot, Slots), new(*btfFunc)) != nil {
				t.Errorf("version %d has no %s", version, slotFunction(slot, Slots))
			}
		}
	}
}

// components opens the object of the tests.
func components(t *testing.T) *loaderimpl.Object {
	t.Helper()
	o, err := loaderimpl.Open([]string{"testdata/components.bpfel.o"}, loaderimpl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

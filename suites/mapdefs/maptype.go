// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	"encoding/binary"
	"slices"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// The types that a loader is asked for that has one way of defining maps. mapdefs.same-map asks one
// with BTF definitions for all types, in every way.
var (
	legacyTypes   = []string{"array", "hash", "prog_array", "ringbuf"}
	iproute2Types = []string{
		"array", "devmap", "hash", "lpm_trie", "lru_no_common", "prog_array", "queue", "ringbuf",
	}
	callbackTypes = []string{"array", "hash", "prog_array", "ringbuf"}
)

// annotatedTypes lists some of those whose legacy definition names its types.
var annotatedTypes = []string{"cgroup_storage", "hash", "lpm_trie"}

// withCallback registers the handler of section vendor_maps.
var withCallback = Handlers(MapSectionHandler)

// A loader is asked for every way, and held to those that it claims. What it does beyond them has
// to be right too.
var _ = Table("mapdefs.same-map", func(s *Session, typ objects.MapType) {
	want := defined(s, typ)
	expectWorking(s.MustLoad(typ.BTF), typ, want, "BTF")
	for _, way := range []struct {
		name   string
		claim  loader.Feature
		object objects.Object
		want   oracle.MapFacts
		option []Option
	}{
		{"bpf_map_def", loader.LegacyMaps, typ.Legacy, want, nil},
		{"bpf_elf_map", loader.Iproute2Maps, typ.IPRoute2, nameless(want), nil},
		{"callback", loader.CallbackMaps, typ.Callback, want, []Option{withCallback}},
	} {
		loaded := s.Load(way.object, way.option...)
		if loaded.OK() || s.Claims(way.claim) {
			Expect(loaded).To(BeOK(), way.name)
			expectWorking(loaded, typ, way.want, way.name)
		}
	}
}, mapTypes()...)

var _ = Table("mapdefs.same-map-typed", func(s *Session, typ objects.MapType) {
	btf := s.MustLoad(typ.BTF).Map("m")
	Expect(btf.Key).NotTo(BeEmpty())
	Expect(s.MustLoad(typ.Legacy).Map("m")).To(BeTheSameMapAs(btf))
}, mapTypes(annotatedTypes...)...)

var _ = Table("mapdefs.legacy.map-type", func(s *Session, typ objects.MapType) {
	expectWorking(s.MustLoad(typ.Legacy), typ, defined(s, typ), "bpf_map_def")
}, mapTypes(legacyTypes...)...)

var _ = Table("mapdefs.iproute2.map-type", func(s *Session, typ objects.MapType) {
	expectWorking(s.MustLoad(typ.IPRoute2), typ, nameless(defined(s, typ)), "bpf_elf_map")
}, mapTypes(iproute2Types...)...)

var _ = Table("mapdefs.callback.map-type", func(s *Session, typ objects.MapType) {
	expectWorking(s.MustLoad(typ.Callback, withCallback), typ, defined(s, typ), "callback")
}, mapTypes(callbackTypes...)...)

// expectWorking expects the map that was defined, under any name where want has none, and a program
// that uses this map and does what it does with any other of the kind.
func expectWorking(loaded *Attempt, typ objects.MapType, want oracle.MapFacts, way string) {
	m := loaded.Map("m").WithoutBTF()
	if want.Name == "" {
		m = nameless(m)
	}
	Expect(m).To(BeTheSameMapAs(want), way)
	Expect(loaded.Program("use").Maps).To(ConsistOf(loaded.MapID("m")), way)
	Expect(loaded.Run("use")).To(Equal(uint32(objects.Does)), way)
	if typ.Stores {
		Expect(sum(loaded.Lookup("m", typ.Key), typ.ValueSize)).To(Equal(uint64(objects.Does)), way)
	}
}

// sum adds up a map's value: a number of size bytes, 4 or 8, or several of 8 bytes, one of each
// CPU.
func sum(value []byte, size uint32) uint64 {
	if size == 4 {
		return uint64(binary.NativeEndian.Uint32(value))
	}
	total := uint64(0)
	for ; len(value) >= 8; value = value[8:] {
		total += binary.NativeEndian.Uint64(value)
	}
	return total
}

// defined returns the facts of the map that a definition defines, on this kernel.
func defined(s *Session, typ objects.MapType) oracle.MapFacts {
	entries := typ.MaxEntries
	if typ.RoundedToCPUs {
		entries = roundUp(entries, possibleCPUs(s))
	}
	return oracle.MapFacts{
		Name: "m", Type: typ.Type, KeySize: typ.KeySize, ValueSize: typ.ValueSize,
		MaxEntries: entries, Flags: typ.Flags,
	}
}

// possibleCPUs asks the kernel how many CPUs there may be.
func possibleCPUs(s *Session) uint32 {
	cpus, err := oracle.PossibleCPUs()
	Expect(err).NotTo(HaveOccurred())
	return uint32(cpus)
}

func roundUp(n, to uint32) uint32 { return (n + to - 1) / to * to }

// mapTypes returns the map types of those names, or all types without a name. A test fails where a
// name is of no type.
func mapTypes(names ...string) []Case[objects.MapType] {
	var cases []Case[objects.MapType]
	for _, m := range objects.EveryMapType {
		if len(names) == 0 || slices.Contains(names, m.Name) {
			cases = append(cases, Entry(m.Name, m))
		}
	}
	return cases
}

// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	"slices"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// legacyTypes are those that a loader without BTF definitions is asked for: mapdefs.same-map asks one that has both for all of them.
var legacyTypes = []string{"array", "hash", "hash_no_prealloc", "prog_array", "queue", "ringbuf"}

// annotatedTypes are some of those whose legacy definition names its types.
var annotatedTypes = []string{"array", "cgroup_storage", "hash", "lpm_trie", "lru_hash", "percpu_hash"}

var _ = Table("mapdefs.btf.map-type", func(s *Session, typ objects.MapType) {
	m := s.MustLoad(typ.BTF).Map("m")
	Expect(m.WithoutBTF()).To(BeTheSameMapAs(defined(s, typ)))
}, objects.EveryMapType)

var _ = Table("mapdefs.legacy.map-type", func(s *Session, typ objects.MapType) {
	m := s.MustLoad(typ.Legacy).Map("m")
	Expect(m.WithoutBTF()).To(BeTheSameMapAs(defined(s, typ)))
}, mapTypes(legacyTypes...))

var _ = Table("mapdefs.same-map", func(s *Session, typ objects.MapType) {
	btf := s.MustLoad(typ.BTF).Map("m")
	legacy := s.MustLoad(typ.Legacy).Map("m")
	Expect(legacy.WithoutBTF()).To(BeTheSameMapAs(btf.WithoutBTF()))
}, objects.EveryMapType)

var _ = Table("mapdefs.same-map-typed", func(s *Session, typ objects.MapType) {
	btf := s.MustLoad(typ.BTF).Map("m")
	Expect(btf.Key).NotTo(BeEmpty())
	Expect(s.MustLoad(typ.Legacy).Map("m")).To(BeTheSameMapAs(btf))
}, mapTypes(annotatedTypes...))

// defined is the map that a definition defines, on this kernel.
func defined(s *Session, typ objects.MapType) oracle.MapFacts {
	entries := typ.MaxEntries
	if typ.RoundedToCPUs {
		entries = roundUp(entries, possibleCPUs(s))
	}
	return oracle.MapFacts{
		Name: "m", Type: typ.Type, KeySize: typ.KeySize, ValueSize: typ.ValueSize, MaxEntries: entries, Flags: typ.Flags,
	}
}

// possibleCPUs asks the kernel how many CPUs there may be: so many values has an entry of a per-CPU array.
func possibleCPUs(s *Session) uint32 {
	perCPU := s.MustLoad(mapTypes("percpu_array")[0].BTF)
	return uint32(len(perCPU.Lookup("m", u32(0))) / 8)
}

func roundUp(n, to uint32) uint32 { return (n + to - 1) / to * to }

// mapTypes are the map types of those names, which are all there: a test sees to it.
func mapTypes(names ...string) []objects.MapType {
	return slices.DeleteFunc(slices.Clone(objects.EveryMapType), func(m objects.MapType) bool { return !slices.Contains(names, m.Name) })
}

// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	"fmt"
	"syscall"

	"github.com/cilium/ebpf"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// loneOuters are the maps of maps.
var loneOuters = []Case[lone]{
	Entry("array", lone{ebpf.ArrayOfMaps, MapAttributes{KeySize: 4, ValueSize: 4, MaxEntries: 3}, "array_of_maps", 0}),
	Entry("hash", lone{ebpf.HashOfMaps, MapAttributes{KeySize: 4, ValueSize: 4, MaxEntries: 5}, "hash_of_maps", 0}),
}

// The kernel keeps of the template what maps have to be like to be put in, and shows it by what it takes.
var _ = Table("mapdefs.create.map-of-maps", func(s *Session, l lone) {
	template, outer := at(s, "template"), at(s, "outer")
	outer.Map, outer.InnerMap = l.told, template.Path
	outer.Map.Type = uint32(l.typ)
	templateID := s.MustCreate(template).MapID("template")
	created := s.MustCreate(outer)
	Expect(s.Pin(outer.Path)).To(BeThePinOfMap(created.MapID("outer")))
	Expect(created.Map("outer")).To(BeTheSameMapAs(oracle.MapFacts{
		Name: "outer", Type: l.name, KeySize: l.told.KeySize, ValueSize: l.told.ValueSize, MaxEntries: l.told.MaxEntries,
	}))
	Expect(s.Pin(template.Path)).To(BeThePinOfMap(templateID))
	Expect(putNew(created.MapID("outer"), template.Map)).To(Succeed())
	other := template.Map
	other.ValueSize++
	Expect(putNew(created.MapID("outer"), other)).To(MatchError(syscall.EINVAL))
}, loneOuters...)

// putNew puts a new map into the element of key 0 of a map of maps. The error wraps the kernel's where it does not take it.
func putNew(outer uint32, attributes MapAttributes) error {
	m, err := ebpf.NewMapFromID(ebpf.MapID(outer))
	if err != nil {
		return fmt.Errorf("open outer map: %w", err)
	}
	defer m.Close()
	inner, err := ebpf.NewMap(&ebpf.MapSpec{
		Name: "inner", Type: ebpf.MapType(attributes.Type), KeySize: attributes.KeySize, ValueSize: attributes.ValueSize, MaxEntries: attributes.MaxEntries,
	})
	if err != nil {
		return fmt.Errorf("make inner map: %v", err) // not the error that is asked about
	}
	defer inner.Close()
	return m.Put(uint32(0), inner)
}

var _ = Table("mapdefs.create.template-needed", func(s *Session, l lone) {
	bad := at(s, "bad")
	bad.Map = l.told
	bad.Map.Type = uint32(l.typ)
	refusesToCreate(s, bad, AtCreate, Invalid, BadMapDef, IO)
}, loneOuters...)

var _ = It("mapdefs.create.template-missing-refused", func(s *Session) {
	bad := at(s, "bad")
	bad.Map = MapAttributes{Type: uint32(ebpf.ArrayOfMaps), KeySize: 4, ValueSize: 4, MaxEntries: 3}
	bad.InnerMap = s.PinFolder() + "/missing"
	refusesToCreate(s, bad, AtAnyStage, NotFound)
})
